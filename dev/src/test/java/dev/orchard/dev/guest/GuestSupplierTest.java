package dev.orchard.dev.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GuestSupplierTest {
  @TempDir private Path folder;
  private final List<String> steps = new ArrayList<>();

  @Test
  void takesTheFolderThatTheBuilderPrintsLast() throws Exception {
    executable("qemu-system-x86_64", "");
    Path builder = executable("build", "echo building >&2; echo noise; echo /images/default");

    assertThat(supplier(builder).supply(RuntimeChoice.AUTO))
        .isEqualTo(
            new GuestSupply.Qemu(folder.resolve("qemu-system-x86_64"), Path.of("/images/default")));
    assertThat(steps).contains("  building");
  }

  @Test
  void fallsBackToProcessesAndSaysWhy() throws Exception {
    assertThat(supplier(null).supply(RuntimeChoice.AUTO).description())
        .contains("without any isolation", "apt-get install qemu-system-x86");

    executable("qemu-system-x86_64", "");
    Path builder = executable("build", "echo no kernel package >&2; exit 3");
    assertThat(supplier(builder).supply(RuntimeChoice.AUTO).description())
        .contains("without any isolation", "ended with 3: no kernel package");
  }

  @Test
  void doesNotFallBackFromWhatWasAskedFor() {
    assertThatThrownBy(() -> supplier(null).supply(RuntimeChoice.QEMU))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("apt-get install qemu-system-x86");
  }

  @Test
  void takesProcessesWithoutLookingForMore() throws Exception {
    executable("qemu-system-x86_64", "");

    assertThat(supplier(executable("build", "exit 1")).supply(RuntimeChoice.PROCESS))
        .isInstanceOfSatisfying(
            GuestSupply.Processes.class,
            processes -> assertThat(processes.agentCommand()).endsWith("dev.orchard.agent.Main"));
    assertThat(steps).isEmpty();
  }

  private GuestSupplier supplier(@Nullable Path builder) {
    return new GuestSupplier("/nowhere:" + folder, builder, steps::add);
  }

  private Path executable(String name, String script) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file;
  }
}
