package dev.orchard.exec.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final List<JournalRecord> LIFE =
      List.of(
          new JournalRecord.Intent(ByteString.copyFromUtf8("spec"), "boot", "instance"),
          new JournalRecord.Started(412, 1_700_000_000_000L),
          new JournalRecord.Detached(),
          new JournalRecord.Ending(ExitReason.TIMED_OUT, "it ran for 100 ms"),
          new JournalRecord.Exited(
              new Frame.Exit(
                  null,
                  "TERM",
                  ExitReason.TIMED_OUT,
                  7,
                  0,
                  ByteString.copyFrom(new byte[32]),
                  ByteString.copyFrom(new byte[32]),
                  false,
                  Duration.ofMillis(105),
                  "it ran for 100 ms"),
              1_700_000_000_105L),
          new JournalRecord.Acknowledged());

  @TempDir private Path root;

  @Test
  void factsComeBackInTheirOrder() throws IOException {
    for (JournalRecord fact : LIFE) {
      try (Journal journal = open()) {
        assertThat(journal.recovered()).isEqualTo(LIFE.subList(0, LIFE.indexOf(fact)));
        journal.append(fact);
      }
    }
    try (Journal journal = open()) {
      assertThat(journal.recovered()).isEqualTo(LIFE);
    }
  }

  @Test
  void everyKindOfFactIsTried() {
    assertThat(LIFE.stream().map(Object::getClass).collect(Collectors.toSet()))
        .isEqualTo(Set.of(JournalRecord.class.getPermittedSubclasses()));
  }

  @Test
  void aJournalTornAtAnyByteKeepsItsWholeFactsAndTakesOthers() throws IOException {
    byte[] bytes = written();
    int before = 0;
    for (int length = 0; length <= bytes.length; length++) {
      Files.write(path(), Arrays.copyOf(bytes, length));
      List<JournalRecord> recovered;
      try (Journal journal = open()) {
        recovered = journal.recovered();
        assertThat(recovered).isEqualTo(LIFE.subList(0, recovered.size()));
        assertThat(recovered.size()).isBetween(before, before + 1);
        journal.append(new JournalRecord.Acknowledged());
      }
      try (Journal journal = open()) {
        List<JournalRecord> expected = new ArrayList<>(recovered);
        expected.add(new JournalRecord.Acknowledged());
        assertThat(journal.recovered()).isEqualTo(expected);
      }
      before = recovered.size();
    }
    assertThat(before).isEqualTo(LIFE.size());
  }

  @Test
  void anyFlippedBitLeavesAnExactPrefixOrIsRefused() throws IOException {
    byte[] bytes = written();
    int refused = 0;
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      byte[] damaged = bytes.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(path(), damaged);
      try (Journal journal = open()) {
        List<JournalRecord> recovered = journal.recovered();
        assertThat(recovered).isEqualTo(LIFE.subList(0, recovered.size()));
        assertThat(recovered).hasSizeLessThan(LIFE.size());
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("is damaged, others follow");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(bytes.length * 4);
  }

  @Test
  void aFactOfAnotherVersionIsRefused() throws IOException {
    try (RecordFile file = RecordFile.create(path())) {
      file.append(ByteString.copyFrom(new byte[] {0x7A, 0}));
    }
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(this::open)
        .withMessageEndingWith("a record is none of this version");
  }

  @Test
  void aFactThatCouldNotBeReadBackIsNotWritten() throws IOException {
    ByteString spec = ByteString.copyFrom(new byte[Journal.MAX_RECORD_BYTES]);
    try (Journal journal = open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> journal.append(new JournalRecord.Intent(spec, "boot", "instance")))
          .withMessage("Intent has 1048600 bytes, a journal's record at most 1048576");
    }
    assertThat(Files.size(path())).isZero();
  }

  @Test
  void nobodyElseMayReadIt() throws IOException {
    open().close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
        .isEqualTo("rw-------");
  }

  private byte[] written() throws IOException {
    try (Journal journal = open()) {
      for (JournalRecord fact : LIFE) {
        journal.append(fact);
      }
    }
    return Files.readAllBytes(path());
  }

  private Path path() {
    return root.resolve("journal");
  }

  private Journal open() throws IOException {
    return Journal.open(path());
  }
}
