package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.StdStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** In a virtual machine with a kernel of its own, without SSH and without a network. */
class QemuExecIT extends ExecScenarios {
  QemuExecIT() {
    super(RuntimeChoice.QEMU, "exec-qemu");
  }

  @Test
  void runsOnAnotherKernelThanTheHost() throws Exception {
    Frames frames = inVm("cat", "/proc/sys/kernel/random/boot_id");
    assertThat(frames.text(StdStream.STDOUT))
        .isNotEqualTo(Files.readString(Path.of("/proc/sys/kernel/random/boot_id")));
  }

  @Test
  void hasNoNetworkInTheGuest() throws Exception {
    Frames frames = inVm("ls", "/sys/class/net");
    assertThat(frames.text(StdStream.STDOUT).strip()).isIn("", "lo");
  }

  private Frames inVm(String... command) throws Exception {
    ExecClient client = new ExecClient(DevSystem.with(RuntimeChoice.QEMU));
    return new Frames(client.exec(vm, Map.of("command", List.of(command))));
  }
}
