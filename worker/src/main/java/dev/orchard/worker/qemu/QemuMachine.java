package dev.orchard.worker.qemu;

import dev.orchard.worker.guest.GuestChannel;
import dev.orchard.worker.vm.HostProcess;
import dev.orchard.worker.vm.Machine;
import dev.orchard.worker.vm.VmFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One QEMU process. */
record QemuMachine(HostProcess process, VmFolder folder) implements Machine {
  static final String CONSOLE = "console.log";

  private static final Logger log = LoggerFactory.getLogger(QemuMachine.class);
  private static final Duration QUIT = Duration.ofSeconds(2);
  private static final long MAX_CONSOLE_BYTES = 4 << 20;

  static Path monitor(VmFolder folder) {
    return folder.sockets().resolve("qmp.sock");
  }

  static Path agent(VmFolder folder) {
    return folder.sockets().resolve("agent.sock");
  }

  @Override
  public boolean alive() {
    return process.alive();
  }

  @Override
  public void tend() {
    folder.trim(CONSOLE, MAX_CONSOLE_BYTES);
  }

  @Override
  public GuestChannel guestChannel() {
    return new GuestChannel.VirtioSerial(agent(folder));
  }

  /** The guest's power button, which it may ignore; then QEMU's own quit; then SIGKILL. */
  @Override
  public void stop(Duration grace) throws InterruptedException {
    if (!process.alive()) {
      return;
    }
    boolean asks = grace.isPositive();
    if (!(asks && ask("system_powerdown") && process.awaitEnd(grace))
        && !(ask("quit") && process.awaitEnd(QUIT))) {
      process.kill();
      process.awaitEnd(QUIT);
    }
  }

  private boolean ask(String command) {
    try (Qmp qmp = Qmp.connect(monitor(folder))) {
      qmp.execute(command);
      return true;
    } catch (IOException e) {
      log.info(
          "qemu was not asked command={} pid={} reason={}", command, process.pid(), e.toString());
      return false;
    }
  }
}
