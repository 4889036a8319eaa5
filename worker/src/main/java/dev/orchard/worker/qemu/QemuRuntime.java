package dev.orchard.worker.qemu;

import dev.orchard.worker.vm.HostProcess;
import dev.orchard.worker.vm.Machine;
import dev.orchard.worker.vm.MachineException;
import dev.orchard.worker.vm.VmFolder;
import dev.orchard.worker.vm.VmRuntime;
import dev.orchard.worker.vm.VmSpec;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Boots images of the allow-list by their kernel, without any network. QEMU daemonizes and so
 * outlives this daemon; it is found again by the pid that was recorded, its start time and its
 * command line, which holds the boot id.
 */
public final class QemuRuntime implements VmRuntime {
  private static final Logger log = LoggerFactory.getLogger(QemuRuntime.class);

  /** The least that the agent's Java runtime starts in. */
  private static final long MIN_MEMORY_MIB = 192;

  private static final long DEFAULT_MEMORY_MIB = 512;
  private static final Duration LAUNCH = Duration.ofSeconds(30);
  private static final String PIDFILE = "qemu.pid";
  private static final String LOG = "qemu.log";

  private static final Pattern HOST_NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{0,62}");

  /** Serial console, no reboot, and nothing that takes time where there is no hardware to probe. */
  private static final String KERNEL_ARGUMENTS =
      "console=ttyS0 quiet panic=-1 reboot=t random.trust_cpu=on tsc=reliable no_timer_check"
          + " cryptomgr.notests=1 8250.nr_uarts=1 i8042.noaux i8042.nokbd rcupdate.rcu_expedited=1"
          + " nmi_watchdog=0 xen_nopv";

  /** Without its default of 1 GiB for translated code. */
  private static final String TCG = "tcg,tb-size=64";

  private final Path qemu;
  private final Map<String, GuestImage> images;
  private final Accelerator wanted;
  private final FutureTask<Boolean> kvm;

  /**
   * Begins to find out whether KVM works, where that is asked for.
   *
   * @param qemu the program
   * @param images what VMs may name as their image
   */
  public QemuRuntime(Path qemu, Map<String, GuestImage> images, Accelerator wanted) {
    this.qemu = qemu;
    this.images = Map.copyOf(images);
    this.wanted = wanted;
    this.kvm =
        new FutureTask<>(() ->
            images.values().stream()
                .findFirst()
                .filter(image -> KvmProbe.works(qemu, image.kernel()))
                .isPresent());
    if (wanted == Accelerator.AUTO) {
      // Takes seconds where KVM hangs: over by the time that the first VM comes.
      Thread.ofVirtual().name("kvm-probe").start(kvm);
    }
  }

  @Override
  public String name() {
    return "qemu";
  }

  @Override
  public List<String> capabilities() {
    return List.of();
  }

  @Override
  public Machine start(VmSpec spec, String bootId, VmFolder folder) throws InterruptedException {
    GuestImage image = images.get(spec.image());
    if (image == null) {
      throw new MachineException(
          "image '%s' is not on this worker's list: %s".formatted(spec.image(), images.keySet()));
    }
    long memoryMib = spec.memoryMib() == 0 ? DEFAULT_MEMORY_MIB : spec.memoryMib();
    if (memoryMib < MIN_MEMORY_MIB) {
      throw new MachineException(
          "memory %d MiB is too little: the guest needs %d".formatted(memoryMib, MIN_MEMORY_MIB));
    }
    Path monitor = QemuMachine.monitor(folder);
    Path agent = QemuMachine.agent(folder);
    Path pidfile = folder.file(PIDFILE);
    List<String> command =
        List.of(
            qemu.toString(),
            "-name",
            "orchard-" + spec.uid(),
            "-uuid",
            bootId,
            "-machine",
            "pc",
            "-accel",
            accelerator(),
            "-m",
            Long.toString(memoryMib),
            "-smp",
            Integer.toString(Math.max(1, spec.cpu())),
            "-nodefaults",
            "-no-user-config",
            "-nic",
            "none",
            "-display",
            "none",
            "-no-reboot",
            "-kernel",
            image.kernel().toString(),
            "-initrd",
            image.initrd().toString(),
            "-append",
            KERNEL_ARGUMENTS + hostName(spec.name()),
            "-drive",
            "if=none,id=root,format=raw,readonly=on,file=" + escaped(image.rootDisk()),
            "-device",
            "virtio-blk-pci,drive=root",
            "-chardev",
            "file,id=console,append=on,path=" + escaped(folder.file(QemuMachine.CONSOLE)),
            "-serial",
            "chardev:console",
            "-device",
            "virtio-serial-pci,id=serial",
            "-chardev",
            "socket,id=agent,server=on,wait=off,path=" + escaped(agent),
            "-device",
            "virtserialport,bus=serial.0,nr=1,chardev=agent,name=dev.orchard.agent",
            "-qmp",
            "unix:" + escaped(monitor) + ",server=on,wait=off",
            "-daemonize",
            "-pidfile",
            pidfile.toString());
    try {
      Files.deleteIfExists(monitor);
      Files.deleteIfExists(agent);
      Files.deleteIfExists(pidfile);
      launch(command, folder.file(LOG));
      HostProcess process =
          recorded(pidfile)
              .orElseThrow(
                  () -> new MachineException("QEMU ended at once: see " + folder.file(LOG)));
      folder.process(process);
      return new QemuMachine(process, folder);
    } catch (IOException e) {
      throw new MachineException(
          "QEMU cannot be started as %s: %s".formatted(qemu, e.getMessage()), e);
    }
  }

  @Override
  public Optional<Machine> adopt(VmSpec spec, String bootId, VmFolder folder) {
    return folder
        .process()
        .or(() -> recorded(folder.file(PIDFILE)))
        .filter(process -> process.hasArgument(bootId))
        .map(process -> {
          folder.process(process);
          return new QemuMachine(process, folder);
        });
  }

  private String accelerator() throws InterruptedException {
    return switch (wanted) {
      case KVM -> "kvm";
      case TCG -> TCG;
      case AUTO -> {
        try {
          yield kvm.get() ? "kvm" : TCG;
        } catch (ExecutionException e) {
          throw new IllegalStateException("the probe of KVM broke", e);
        }
      }
    };
  }

  /** QEMU returns when its daemon has opened the sockets, or says why it cannot. */
  private static void launch(List<String> command, Path words)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(words.toFile())
            .start();
    try {
      if (!process.waitFor(LAUNCH.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new MachineException("QEMU did not come up within " + LAUNCH.toSeconds() + " s");
      }
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      throw new MachineException("QEMU refused to start: " + Files.readString(words).strip());
    }
  }

  private static Optional<HostProcess> recorded(Path pidfile) {
    try {
      return HostProcess.of(Long.parseLong(Files.readString(pidfile).strip()));
    } catch (IOException | NumberFormatException e) {
      log.debug("no pid of qemu path={}", pidfile, e);
      return Optional.empty();
    }
  }

  /** Only what can be a host's name may stand among the kernel's arguments. */
  private static String hostName(String name) {
    return HOST_NAME.matcher(name).matches() ? " orchard.hostname=" + name : "";
  }

  /** In QEMU's option lists a comma is written twice. */
  private static String escaped(Path path) {
    return path.toString().replace(",", ",,");
  }
}
