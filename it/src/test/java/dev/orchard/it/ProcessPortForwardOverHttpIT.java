package dev.orchard.it;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.worker.road.Transport;

/** As {@link ProcessExecOverHttpIT}. */
class ProcessPortForwardOverHttpIT extends PortForwardScenarios {
  ProcessPortForwardOverHttpIT() {
    super(RuntimeChoice.PROCESS, "ports-process-http");
  }

  @Override
  protected DevSystem system() throws InterruptedException {
    return DevSystem.with(runtime, Transport.HTTP, null);
  }
}
