package dev.orchard.worker;

import dev.orchard.worker.forward.Forwards;
import dev.orchard.worker.gateway.Gateway;
import dev.orchard.worker.gateway.Noticeboard;
import dev.orchard.worker.gateway.WorkerIdentity;
import dev.orchard.worker.guest.GuestDialer;
import dev.orchard.worker.process.ProcessRuntime;
import dev.orchard.worker.qemu.QemuRuntime;
import dev.orchard.worker.road.Dialing;
import dev.orchard.worker.road.Liveness;
import dev.orchard.worker.session.Sessions;
import dev.orchard.worker.vm.VmRuntime;
import dev.orchard.worker.vm.Vms;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker, from its start to its close. VMs and what runs in them outlive it: the next one on the
 * same data folder takes them up.
 */
public final class Worker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);

  private final GuestDialer dialer;
  private final Vms vms;
  private final Sessions sessions;
  private final Gateway gateway;

  private Worker(GuestDialer dialer, Vms vms, Sessions sessions, Gateway gateway) {
    this.dialer = dialer;
    this.vms = vms;
    this.sessions = sessions;
    this.gateway = gateway;
  }

  /** Returns when everything that was left is taken up and the controllers are being dialled. */
  public static Worker start(WorkerSettings settings) throws InterruptedException {
    log.info("worker starts settings={}", settings);
    Path data = dataFolder(settings.dataDir());
    List<VmRuntime> runtimes =
        settings.runtimes().stream().map(name -> runtime(name, settings)).toList();
    requireJournals(data.resolve("sessions"), data.resolve("vms"));
    Noticeboard board = new Noticeboard();
    Sessions sessions =
        new Sessions(
            data.resolve("sessions"),
            settings.sessionStorage(),
            board::vm,
            board,
            new SteadyClock());
    Forwards forwards = new Forwards(board::vm);
    GuestDialer dialer = new GuestDialer();
    Vms vms =
        new Vms(
            data.resolve("vms"),
            runtimes,
            dialer,
            status -> {
              board.changed(status);
              sessions.vmChanged(status.uid());
              forwards.vmChanged(status.uid());
            });
    Gateway gateway =
        new Gateway(
            new Dialing(
                settings.controllers(),
                settings.transport(),
                settings.controllerCa(),
                settings.tokenFile(),
                settings.proxy(),
                InetAddress::getAllByName,
                Liveness.DEFAULT),
            identity(settings, runtimes),
            board,
            vms,
            sessions,
            forwards);
    // In this order: a session whose VM is not known yet would be taken for lost.
    vms.recover();
    sessions.recover();
    gateway.start();
    return new Worker(dialer, vms, sessions, gateway);
  }

  /** As {@link #close}, with the VMs powered off before: nothing of this worker runs on. */
  public void end() {
    try {
      gateway.close();
      vms.end();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  /** Cuts the links and ends every thread; VMs and what runs in them stay. */
  @Override
  public void close() {
    try {
      gateway.close();
      sessions.close();
      vms.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      dialer.close();
    }
  }

  private static Path dataFolder(Path wanted) {
    try {
      Files.createDirectories(
          wanted,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      return wanted.toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException("data folder " + wanted + " cannot be used", e);
    }
  }

  /** Without the journals nothing tells what was started in the VMs that are there. */
  private static void requireJournals(Path sessions, Path vms) {
    if (Files.notExists(sessions) && Files.exists(vms) && hasEntries(vms)) {
      throw new IllegalStateException(
          "%s is gone and %s is not: bring it back, or power off the VMs and remove their folders too"
              .formatted(sessions, vms));
    }
  }

  private static boolean hasEntries(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isPresent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static VmRuntime runtime(String name, WorkerSettings settings) {
    return switch (name) {
      case "qemu" -> new QemuRuntime(qemu(), settings.images(), settings.accelerator());
      case "process" -> new ProcessRuntime(settings.agentCommand());
      default ->
          throw new IllegalArgumentException(
              "runtime '%s' is none of qemu, process".formatted(name));
    };
  }

  private static Path qemu() {
    String program = "qemu-system-x86_64";
    return Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin").split(":"))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "runtime qemu: %s is not on PATH; Debian has it in qemu-system-x86"
                    .formatted(program)));
  }

  private static WorkerIdentity identity(WorkerSettings settings, List<VmRuntime> runtimes) {
    String arch = System.getProperty("os.arch");
    return new WorkerIdentity(
        settings.name(),
        Optional.ofNullable(Worker.class.getPackage().getImplementationVersion()).orElse("dev"),
        System.getProperty("os.name").toLowerCase(Locale.ROOT),
        arch.equals("aarch64") ? "arm64" : arch,
        runtimes.stream().map(VmRuntime::name).toList(),
        Stream.concat(
                Stream.of("exec-v1", "forward-v1"),
                runtimes.stream().flatMap(r -> r.capabilities().stream()))
            .toList(),
        settings.cpu(),
        settings.memoryMib());
  }
}
