package dev.orchard.exec.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionDirectoryTest {
  private static final String UID = "8c5e1d9a-3f0b-4a56-9d8e-2f4f0a1b2c3d";

  @TempDir private Path root;

  @Test
  void isFoundAgainAmongOtherFiles() throws IOException {
    SessionDirectory directory = SessionDirectory.create(root, UID);
    Files.createDirectory(root.resolve("lost+found"));
    assertThat(SessionDirectory.create(root, UID)).isEqualTo(directory);
    assertThat(SessionDirectory.list(root)).containsExactly(directory);
    assertThat(directory.uid()).isEqualTo(UID);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())))
        .isEqualTo("rwx------");
  }

  @Test
  void goesWithAllThatIsInIt() throws IOException {
    SessionDirectory directory = SessionDirectory.create(root, UID);
    Journal.open(directory.journal()).close();
    try (SessionLog log = SessionLog.open(directory.log(), 1_000)) {
      log.append(StdStream.STDOUT, ByteString.copyFromUtf8("hi"));
    }
    directory.delete();
    assertThat(root).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "a/b", "../a", "A", "a.b", "a\n", "é"})
  void nothingButAUidBecomesAPath(String uid) {
    assertThatIllegalArgumentException().isThrownBy(() -> SessionDirectory.create(root, uid));
    assertThat(root).isEmptyDirectory();
  }
}
