package dev.orchard.exec.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionLogTest {
  private static final int SEGMENT = 4096;

  @TempDir private Path root;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void anyOrderOfAppendsEvictionsAndRestartsKeepsEveryByteInItsPlace(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    PrintedOutput printed = new PrintedOutput();
    SessionLog log = open();
    for (int i = 0; i < 1_500; i++) {
      switch (random.nextInt(20)) {
        case 0 -> log.evictOldestSegment();
        case 1 -> {
          log.close();
          log = open();
        }
        case 2 -> log.sync();
        case 3 -> {
          long from = random.nextLong(log.firstAvailable(), log.end() + 1);
          assertThat(printed.checkFrom(log, from, 1 + random.nextInt(9_000))).isZero();
        }
        case 4 -> {
          int bytes = random.nextInt(20_000);
          long from = Math.max(log.firstAvailable(), printed.end() - bytes);
          assertThat(log.tail(bytes)).isEqualTo(printed.from(from));
        }
        default -> {
          PrintedOutput.Piece piece = printed.add(random, random.nextInt(4) == 0 ? 3_000 : 20);
          assertThat(log.append(piece.stream(), piece.data())).isEqualTo(piece.offset());
        }
      }
      assertThat(log.end()).isEqualTo(printed.end());
      assertThat(log.stdoutBytes()).isEqualTo(printed.bytes(StdStream.STDOUT, printed.end()));
      assertThat(log.stderrBytes()).isEqualTo(printed.bytes(StdStream.STDERR, printed.end()));
      assertThat(log.size()).isEqualTo(bytesOnDisk());
    }
    log.close();
  }

  @Test
  void manyReadersFollowOneAppenderWithoutWaitingForIt() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    PrintedOutput printed = PrintedOutput.random(random, 5_000, 600);
    long end = printed.end();
    try (SessionLog log = open();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int maxBytes = 1 + random.nextInt(3_000);
        readers.add(threads.submit(() -> follow(log, printed, end, maxBytes)));
      }
      printed.appendTo(log);
      for (Future<Long> reader : readers) {
        assertThat(reader.get()).isEqualTo(end);
      }
    }
  }

  @Test
  void aFollowerOfALogThatIsEvictedSeesRightBytesAndGaps() throws Exception {
    PrintedOutput printed = PrintedOutput.random(new SplittableRandom(8), 5_000, 600);
    try (SessionLog log = open();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<Long> reader = threads.submit(() -> follow(log, printed, printed.end(), 700));
      for (PrintedOutput.Piece piece : printed.pieces()) {
        log.append(piece.stream(), piece.data());
        if (log.size() > 5 * SEGMENT) {
          log.evictOldestSegment();
        }
      }
      assertThat(reader.get()).isPositive();
    }
  }

  /**
   * Returns how many bytes were not in gaps. Not for virtual threads: two that spin would keep
   * their carriers from whoever holds what the appender waits for.
   */
  private static long follow(SessionLog log, PrintedOutput printed, long end, int maxBytes)
      throws IOException {
    long seen = 0;
    try (Cursor cursor = log.cursor(0)) {
      while (cursor.offset() < end) {
        switch (cursor.read(maxBytes)) {
          case Read.Chunk chunk -> {
            printed.check(chunk);
            seen += chunk.data().size();
          }
          case Read.Gap(long from, long to) -> assertThat(from).isLessThan(to);
          case Read.AtEnd() -> Thread.onSpinWait();
        }
      }
    }
    return seen;
  }

  @Test
  void smallRecordsOfOneStreamAreReadTogether() throws IOException {
    try (SessionLog log = open()) {
      for (String letter : List.of("a", "b", "c")) {
        log.append(StdStream.STDOUT, ByteString.copyFromUtf8(letter));
      }
      log.append(StdStream.STDERR, ByteString.copyFromUtf8("e"));
      log.append(StdStream.STDOUT, ByteString.copyFromUtf8("d"));
      try (Cursor cursor = log.cursor(0)) {
        assertThat(cursor.read(2)).isEqualTo(chunk(StdStream.STDOUT, 0, "ab"));
        assertThat(cursor.read(10)).isEqualTo(chunk(StdStream.STDOUT, 2, "c"));
        assertThat(cursor.read(10)).isEqualTo(chunk(StdStream.STDERR, 3, "e"));
        assertThat(cursor.read(10)).isEqualTo(chunk(StdStream.STDOUT, 4, "d"));
        assertThat(cursor.read(10)).isEqualTo(new Read.AtEnd());
        log.append(StdStream.STDOUT, ByteString.copyFromUtf8("f"));
        assertThat(cursor.read(10)).isEqualTo(chunk(StdStream.STDOUT, 5, "f"));
      }
    }
  }

  @Test
  void whatWasEvictedIsAGapAndIsStillCounted() throws IOException {
    PrintedOutput printed = PrintedOutput.random(new SplittableRandom(9), 100, 1_000);
    try (SessionLog log = open()) {
      printed.appendTo(log);
      long before = log.size();
      long gone = log.oldestSegmentEnd();
      log.evictOldestSegment();
      assertThat(log.firstAvailable()).isEqualTo(gone).isPositive();
      assertThat(log.size()).isLessThan(before);
      assertThat(printed.checkFrom(log, 0, 24_000)).isEqualTo(gone);
    }
    try (SessionLog log = open()) {
      assertThat(log.firstAvailable()).isPositive();
      assertThat(log.stdoutBytes()).isEqualTo(printed.bytes(StdStream.STDOUT, printed.end()));
      assertThat(log.stderrBytes()).isEqualTo(printed.bytes(StdStream.STDERR, printed.end()));
    }
  }

  @Test
  void theOnlySegmentCanBeEvictedToo() throws IOException {
    try (SessionLog log = open()) {
      log.append(StdStream.STDERR, ByteString.copyFromUtf8("abc"));
      log.evictOldestSegment();
      log.evictOldestSegment();
      assertThat(log.firstAvailable()).isEqualTo(3);
      assertThat(log.tail(10)).isEqualTo(ByteString.EMPTY);
    }
    try (SessionLog log = open()) {
      assertThat(log.end()).isEqualTo(3);
      assertThat(log.stderrBytes()).isEqualTo(3);
      assertThat(log.append(StdStream.STDOUT, ByteString.copyFromUtf8("d"))).isEqualTo(3);
      try (Cursor cursor = log.cursor(1)) {
        assertThat(cursor.read(10)).isEqualTo(new Read.Gap(1, 3));
        assertThat(cursor.read(10)).isEqualTo(chunk(StdStream.STDOUT, 3, "d"));
      }
    }
  }

  @Test
  void anInterruptHurtsNeitherReadersNorTheAppender() throws IOException {
    try (SessionLog log = open();
        Cursor interrupted = log.cursor(0);
        Cursor other = log.cursor(0)) {
      log.append(StdStream.STDOUT, ByteString.copyFromUtf8("abc"));
      Thread.currentThread().interrupt();
      try {
        assertThat(interrupted.read(1)).isEqualTo(chunk(StdStream.STDOUT, 0, "a"));
        log.append(StdStream.STDOUT, ByteString.copyFromUtf8("d"));
        log.sync();
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
      assertThat(interrupted.read(9)).isEqualTo(chunk(StdStream.STDOUT, 1, "bcd"));
      assertThat(other.read(9)).isEqualTo(chunk(StdStream.STDOUT, 0, "abcd"));
    }
  }

  @Test
  void nobodyElseMayReadTheFiles() throws IOException {
    open().close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())))
        .isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(directory())) {
      assertThat(files)
          .singleElement()
          .satisfies(file ->
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                  .isEqualTo("rw-------"));
    }
  }

  @Test
  void whatNoLogCanDoIsRefused() throws IOException {
    try (SessionLog log = open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> log.cursor(1))
          .withMessageEndingWith("from=1 is not in 0 to 0");
      assertThatIllegalArgumentException().isThrownBy(() -> log.cursor(-1));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> log.append(StdStream.STDOUT, ByteString.EMPTY));
      ByteString tooMuch = ByteString.copyFrom(new byte[Frame.MAX_DATA + 1]);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> log.append(StdStream.STDOUT, tooMuch))
          .withMessage("24001 bytes, a log takes 1 to 24000 at once");
    }
  }

  private static Read.Chunk chunk(StdStream stream, long offset, String text) {
    return new Read.Chunk(stream, offset, ByteString.copyFromUtf8(text));
  }

  private Path directory() {
    return root.resolve("log");
  }

  private SessionLog open() throws IOException {
    return SessionLog.open(directory(), SEGMENT);
  }

  private long bytesOnDisk() throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.list(directory())) {
      for (Path file : files.toList()) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }
}
