package dev.orchard.it;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.worker.road.Transport;

/** As {@link ProcessExecOverHttpIT}, in a virtual machine. */
class QemuExecOverHttpIT extends ExecScenarios {
  QemuExecOverHttpIT() {
    super(RuntimeChoice.QEMU, "exec-qemu-http");
  }

  @Override
  protected DevSystem system() throws InterruptedException {
    return DevSystem.with(runtime, Transport.HTTP, null);
  }
}
