package dev.orchard.worker.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.worker.vm.MachineException;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmFolder;
import dev.orchard.worker.vm.VmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything but a real machine, which is the end-to-end tests' matter. */
@SuppressWarnings("NullAway.Init")
class QemuRuntimeTest {
  private static final Uid UID = new Uid("3f2b8c1e-0000-4000-8000-000000000001");
  private static final String BOOT = "3f2b8c1e-0000-4000-8000-000000000002";

  @TempDir private Path root;
  private VmFolder folder;

  @BeforeEach
  void makeFolder() {
    folder = VmFolder.create(root, UID);
  }

  /** A QEMU that keeps its arguments, says something and ends as it is told. */
  private QemuRuntime qemu(int status) throws IOException {
    Path program = root.resolve("qemu");
    Files.writeString(
        program,
        "#!/bin/sh\nprintf '%%s\\n' \"$@\" > %s\necho no can do\nexit %d\n"
            .formatted(root.resolve("arguments"), status));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    Path root = this.root.resolve("root,disk");
    return new QemuRuntime(
        program,
        Map.of("default", new GuestImage(Path.of("/kernel"), Path.of("/initrd"), root)),
        Accelerator.TCG);
  }

  private static VmSpec spec(String name, String image, int memoryMib) {
    return new VmSpec(UID, "default", name, image, "", 2, memoryMib, true);
  }

  @Test
  void onlyImagesOfTheListAreBooted() {
    assertThatThrownBy(() -> qemu(0).start(spec("vm", "/etc/passwd", 0), BOOT, folder))
        .isInstanceOf(MachineException.class)
        .hasMessageContaining("/etc/passwd")
        .hasMessageContaining("default");
  }

  @Test
  void tooLittleMemoryIsNamed() {
    assertThatThrownBy(() -> qemu(0).start(spec("vm", "default", 64), BOOT, folder))
        .isInstanceOf(MachineException.class)
        .hasMessageContaining("64")
        .hasMessageContaining("192");
  }

  @Test
  void whatQemuSaysWhenItRefusesIsPassedOn() {
    assertThatThrownBy(() -> qemu(1).start(spec("vm", "default", 0), BOOT, folder))
        .isInstanceOf(MachineException.class)
        .hasMessageContaining("no can do");
  }

  @Test
  void aQemuThatLeavesNoProcessHasNotStarted() {
    assertThatThrownBy(() -> qemu(0).start(spec("vm", "default", 0), BOOT, folder))
        .isInstanceOf(MachineException.class)
        .hasMessageContaining("ended at once");
  }

  @Test
  void theMachineIsMadeOfTheSpecAlone() throws IOException {
    assertThatThrownBy(() -> qemu(0).start(spec("x panic=1", "default", 0), BOOT, folder))
        .isInstanceOf(MachineException.class);

    List<String> arguments = Files.readAllLines(root.resolve("arguments"));
    assertThat(arguments)
        .containsSequence("-uuid", BOOT)
        .containsSequence("-m", "512")
        .containsSequence("-smp", "2")
        .containsSequence("-nic", "none")
        .contains("if=none,id=root,format=raw,readonly=on,file=" + root + "/root,,disk");
    assertThat(arguments.get(arguments.indexOf("-append") + 1)).doesNotContain("hostname");
  }

  @Test
  void aProcessWithoutTheBootIdIsNotAdopted() throws IOException {
    Files.writeString(folder.file("qemu.pid"), Long.toString(ProcessHandle.current().pid()));

    assertThat(qemu(0).adopt(spec("vm", "default", 0), BOOT, folder)).isEmpty();
  }
}
