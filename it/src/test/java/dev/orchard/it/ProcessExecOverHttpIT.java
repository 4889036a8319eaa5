package dev.orchard.it;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.worker.road.Transport;

/** The worker has no gRPC to the controller: link and attachments are WebSockets. */
class ProcessExecOverHttpIT extends ExecScenarios {
  ProcessExecOverHttpIT() {
    super(RuntimeChoice.PROCESS, "exec-process-http");
  }

  @Override
  protected DevSystem system() throws InterruptedException {
    return DevSystem.with(runtime, Transport.HTTP, null);
  }
}
