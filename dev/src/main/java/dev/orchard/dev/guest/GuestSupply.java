package dev.orchard.dev.guest;

import java.nio.file.Path;
import java.util.List;

/** What there is to run VMs with. */
public sealed interface GuestSupply {
  /** In one line for people. */
  String description();

  /**
   * Real VMs.
   *
   * @param program of QEMU
   * @param image folder with {@code vmlinuz}, {@code initrd} and {@code root.ext4}
   */
  record Qemu(Path program, Path image) implements GuestSupply {
    @Override
    public String description() {
      return "qemu: real VMs by %s of %s".formatted(program, image);
    }
  }

  /**
   * The agent as a process.
   *
   * @param agentCommand starts it
   * @param reason why it is not QEMU
   */
  record Processes(List<String> agentCommand, String reason) implements GuestSupply {
    public Processes {
      agentCommand = List.copyOf(agentCommand);
    }

    @Override
    public String description() {
      return "process: commands run on this host without any isolation (" + reason + ")";
    }
  }
}
