package dev.orchard.worker.qemu;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether KVM works, found out by trying: {@code /dev/kvm} may be there, start a guest and then
 * hang. A single instruction is not enough, it is in protected mode that such hosts get stuck; so
 * the image's own kernel is booted without a root, panics, and is to have ended in time.
 */
final class KvmProbe {
  private static final Logger log = LoggerFactory.getLogger(KvmProbe.class);

  /** Ten times what a host with KVM takes. */
  private static final Duration PATIENCE = Duration.ofSeconds(6);

  private KvmProbe() {}

  static boolean works(Path qemu, Path kernel) {
    if (!Files.isReadable(Path.of("/dev/kvm")) || !Files.isWritable(Path.of("/dev/kvm"))) {
      log.info("kvm is not used reason=/dev/kvm is not there or not ours to open");
      return false;
    }
    boolean works = boots(qemu, kernel, "kvm");
    if (works) {
      log.info("kvm works");
    } else {
      log.warn("kvm is not used reason=a kernel did not boot with it within {}", PATIENCE);
    }
    return works;
  }

  /** Whether a kernel gets as far as missing its root. */
  static boolean boots(Path qemu, Path kernel, String accelerator) {
    List<String> command =
        List.of(
            // Ends it even if this daemon ends first: a hung guest takes a whole CPU.
            "timeout",
            "--signal=KILL",
            Long.toString(PATIENCE.toSeconds()),
            qemu.toString(),
            "-machine",
            "pc",
            "-accel",
            accelerator,
            "-m",
            "128",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-no-reboot",
            "-kernel",
            kernel.toString(),
            "-append",
            "panic=-1 nokaslr mitigations=off no_timer_check tsc=reliable");
    File nowhere = new File("/dev/null");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(nowhere)
              .redirectOutput(nowhere)
              .redirectError(nowhere)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      log.warn("kvm cannot be tried reason={}", e.toString());
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
