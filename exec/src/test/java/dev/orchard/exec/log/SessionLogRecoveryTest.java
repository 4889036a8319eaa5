package dev.orchard.exec.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionLogRecoveryTest {
  private static final int SEGMENT = 600;

  /** Bytes of a record besides what was printed. */
  private static final long OVERHEAD =
      (long) RecordFile.HEADER_BYTES + Entry.start(0, 0).encode().size();

  @TempDir private Path root;

  @ParameterizedTest
  @CsvSource({"6, 100", "40, 150"})
  void aLogTornAtAnyByteOfItsLastSegmentGoesOnBehindItsLastWholeRecord(int pieces, int maxBytes)
      throws IOException {
    PrintedOutput printed = PrintedOutput.random(new SplittableRandom(1), pieces, maxBytes);
    Path whole = root.resolve("whole");
    try (SessionLog log = SessionLog.open(whole, SEGMENT)) {
      printed.appendTo(log);
    }
    List<Path> segments = files(whole);
    Path last = segments.getLast();
    byte[] bytes = Files.readAllBytes(last);
    long lastFirst = Long.parseLong(last.getFileName().toString().substring(0, 19));
    long expected = segments.size() == 1 ? 0 : lastFirst;

    for (int length = 0; length <= bytes.length; length++) {
      Path torn = copy(whole, "torn" + length);
      Files.write(torn.resolve(last.getFileName()), Arrays.copyOf(bytes, length));
      long end = recordEnd(printed, lastFirst, length, expected);
      try (SessionLog log = SessionLog.open(torn, SEGMENT)) {
        assertThat(log.end()).as("length %d", length).isEqualTo(end);
        assertThat(log.stdoutBytes()).isEqualTo(printed.bytes(StdStream.STDOUT, end));
        assertThat(log.stderrBytes()).isEqualTo(printed.bytes(StdStream.STDERR, end));
        for (PrintedOutput.Piece piece : printed.pieces()) {
          if (piece.offset() >= end) {
            log.append(piece.stream(), piece.data());
          }
        }
        assertThat(log.end()).isEqualTo(printed.end());
        assertThat(printed.checkFrom(log, 0, 24_000)).isZero();
      }
    }
  }

  /** Where the last record ends that lies wholly within the first bytes of the last segment. */
  private static long recordEnd(PrintedOutput printed, long lastFirst, int length, long otherwise) {
    long end = otherwise;
    long position = OVERHEAD;
    for (PrintedOutput.Piece piece : printed.pieces()) {
      if (piece.offset() >= lastFirst) {
        position += OVERHEAD + piece.data().size();
        if (position > length) {
          break;
        }
        end = piece.end();
      }
    }
    return end;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void anyFlippedBitIsAGapOrAShorterLogButNeverAWrongByte(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    PrintedOutput printed = PrintedOutput.random(random, 60, 120);
    Path whole = root.resolve("whole");
    try (SessionLog log = SessionLog.open(whole, SEGMENT)) {
      printed.appendTo(log);
    }
    List<Path> segments = files(whole);
    for (int run = 0; run < 120; run++) {
      Path damaged = copy(whole, "damaged" + run);
      Path segment = damaged.resolve(segments.get(random.nextInt(segments.size())).getFileName());
      flip(random, segment);
      try (SessionLog log = SessionLog.open(damaged, SEGMENT)) {
        long end = log.end();
        boolean inLast = segment.getFileName().equals(segments.getLast().getFileName());
        assertThat(end).isBetween(inLast ? 0 : printed.end(), printed.end());
        assertThat(log.stdoutBytes()).isEqualTo(printed.bytes(StdStream.STDOUT, end));
        assertThat(log.stderrBytes()).isEqualTo(printed.bytes(StdStream.STDERR, end));
        assertThat(printed.checkFrom(log, 0, 24_000)).isLessThan(SEGMENT + 200);

        log.append(StdStream.STDOUT, ByteString.copyFromUtf8("more"));
        assertThat(log.tail(4).toStringUtf8()).isEqualTo("more");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {5, 6})
  void damageUnderAnOpenLogIsAGapToItsReaders(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    for (int run = 0; run < 60; run++) {
      Path directory = root.resolve("open" + run);
      PrintedOutput printed = PrintedOutput.random(random, 30, 120);
      try (SessionLog log = SessionLog.open(directory, SEGMENT)) {
        printed.appendTo(log);
        List<Path> segments = files(directory);
        flip(random, segments.get(random.nextInt(segments.size())));
        assertThat(printed.checkFrom(log, 0, 1 + random.nextInt(200))).isLessThan(SEGMENT + 200);
        assertThat(log.end()).isEqualTo(printed.end());
      }
    }
  }

  @Test
  void aDamagedRecordAmongOthersIsAGapOfItsOwnSize() throws IOException {
    Path directory = root.resolve("log");
    try (SessionLog log = SessionLog.open(directory, SEGMENT)) {
      for (String text : List.of("one", "two", "three")) {
        log.append(StdStream.STDOUT, ByteString.copyFromUtf8(text));
      }
    }
    Path segment = files(directory).getFirst();
    byte[] bytes = Files.readAllBytes(segment);
    bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf("two")]++;
    Files.write(segment, bytes);
    try (SessionLog log = SessionLog.open(directory, SEGMENT);
        Cursor cursor = log.cursor(0)) {
      assertThat(cursor.read(99))
          .isEqualTo(new Read.Chunk(StdStream.STDOUT, 0, ByteString.copyFromUtf8("one")));
      assertThat(cursor.read(99)).isEqualTo(new Read.Gap(3, 6));
      assertThat(cursor.read(99))
          .isEqualTo(new Read.Chunk(StdStream.STDOUT, 6, ByteString.copyFromUtf8("three")));
      assertThat(cursor.read(99)).isEqualTo(new Read.AtEnd());
    }
  }

  @Test
  void aLogWhoseOnlySegmentIsUnreadableIsRefusedIfItHadEvictedOthers() throws IOException {
    Path directory = root.resolve("log");
    try (SessionLog log = SessionLog.open(directory, SEGMENT)) {
      log.append(StdStream.STDOUT, ByteString.copyFromUtf8("gone"));
      log.evictOldestSegment();
    }
    Files.write(files(directory).getFirst(), new byte[] {1, 2, 3});
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> SessionLog.open(directory, SEGMENT))
        .withMessageEndingWith("no readable record in its only segment, so its counts are lost");
  }

  private static void flip(SplittableRandom random, Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    Files.write(file, bytes);
  }

  private Path copy(Path whole, String name) throws IOException {
    Path copy = Files.createDirectory(root.resolve(name));
    for (Path file : files(whole)) {
      Files.copy(file, copy.resolve(file.getFileName()));
    }
    return copy;
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }
}
