package dev.orchard.worker.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VmFolderTest {
  private static final Uid UID = new Uid("3f2b8c1e-0000-4000-8000-000000000001");

  @TempDir private Path root;

  private static VmSpec spec() {
    return new VmSpec(UID, "default", "hello", "default", "", 1, 512, true);
  }

  @Test
  void theRecordComesBackAsItWasKept() {
    VmFolder folder = VmFolder.create(root, UID);
    assertThat(folder.kept()).isEmpty();

    VmFolder.Kept kept = new VmFolder.Kept(spec(), "boot", false, "");
    folder.keep(new VmFolder.Kept(spec(), null, true, "why"));
    folder.keep(kept);

    assertThat(VmFolder.create(root, UID).kept()).contains(kept);
  }

  @Test
  void theProcessComesBackUntilItIsForgotten() {
    VmFolder folder = VmFolder.create(root, UID);
    folder.process(new HostProcess(12, 34));

    assertThat(folder.process()).contains(new HostProcess(12, 34));
    folder.forgetProcess();
    assertThat(folder.process()).isEmpty();
  }

  @Test
  void onlyItsOwnerMayEnter() throws IOException {
    VmFolder.create(root, UID);

    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve(UID.value()))))
        .isEqualTo("rwx------");
  }

  @Test
  void socketsLieWhereTheirPathIsShortEnough() {
    VmFolder near = VmFolder.create(root, UID);
    VmFolder far = VmFolder.create(root.resolve("a".repeat(100)), UID);

    assertThat(near.sockets()).isEqualTo(root.resolve(UID.value()));
    Path elsewhere = far.sockets();
    assertThat(elsewhere.resolve("agent.sock").toString().getBytes(StandardCharsets.UTF_8).length)
        .isLessThan(107);
    assertThat(far.sockets()).isEqualTo(elsewhere);

    far.deleteAll();
    assertThat(elsewhere).doesNotExist();
  }

  @Test
  void aLogThatGrowsIsEmptied() throws IOException {
    VmFolder folder = VmFolder.create(root, UID);
    Path log = Files.writeString(folder.file("x.log"), "12345");

    folder.trim("x.log", 5);
    assertThat(log).hasContent("12345");
    folder.trim("x.log", 4);
    assertThat(log).isEmptyFile();
    folder.trim("missing.log", 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "a/b", ".", "-a", "A", "ä", "a\n", "g"})
  void whatIsNoUidBecomesNoPath(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Uid(text));
  }
}
