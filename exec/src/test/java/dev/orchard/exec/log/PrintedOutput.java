package dev.orchard.exec.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** What a log should hold, as plain bytes in memory: the model that logs are compared with. */
final class PrintedOutput {
  /** One append. */
  record Piece(StdStream stream, long offset, ByteString data) {
    long end() {
      return offset + data.size();
    }
  }

  private final List<Piece> pieces = new ArrayList<>();

  /** So many appends of 1 to {@code maxBytes} random bytes each. */
  static PrintedOutput random(RandomGenerator random, int pieces, int maxBytes) {
    PrintedOutput output = new PrintedOutput();
    for (int i = 0; i < pieces; i++) {
      output.add(random, maxBytes);
    }
    return output;
  }

  Piece add(RandomGenerator random, int maxBytes) {
    byte[] bytes = new byte[1 + random.nextInt(maxBytes)];
    random.nextBytes(bytes);
    StdStream stream = random.nextInt(3) == 0 ? StdStream.STDERR : StdStream.STDOUT;
    Piece piece = new Piece(stream, end(), ByteString.copyFrom(bytes));
    pieces.add(piece);
    return piece;
  }

  List<Piece> pieces() {
    return pieces;
  }

  long end() {
    return pieces.isEmpty() ? 0 : pieces.getLast().end();
  }

  long bytes(StdStream stream, long before) {
    return pieces.stream()
        .filter(piece -> piece.stream() == stream && piece.end() <= before)
        .mapToLong(piece -> piece.data().size())
        .sum();
  }

  ByteString from(long offset) {
    ByteString all = ByteString.EMPTY;
    for (Piece piece : pieces) {
      all = all.concat(piece.data());
    }
    return all.substring(Math.toIntExact(offset));
  }

  /** Each byte of the chunk is the one that was printed there, by the stream that printed it. */
  void check(Read.Chunk chunk) {
    long offset = chunk.offset();
    assertThat(chunk.data().size()).isPositive();
    for (int index = indexOf(offset); offset < chunk.offset() + chunk.data().size(); index++) {
      Piece piece = pieces.get(index);
      int begin = (int) (offset - piece.offset());
      int chunkBegin = (int) (offset - chunk.offset());
      int length = Math.min(piece.data().size() - begin, chunk.data().size() - chunkBegin);
      assertThat(chunk.stream()).as("stream at %d", offset).isEqualTo(piece.stream());
      assertThat(chunk.data().substring(chunkBegin, chunkBegin + length))
          .as("bytes at %d", offset)
          .isEqualTo(piece.data().substring(begin, begin + length));
      offset += length;
    }
  }

  private int indexOf(long offset) {
    int low = 0;
    int high = pieces.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (pieces.get(middle).offset() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  void appendTo(SessionLog log) throws IOException {
    for (Piece piece : pieces) {
      assertThat(log.append(piece.stream(), piece.data())).isEqualTo(piece.offset());
    }
  }

  /**
   * Reads to the log's present end: every byte right, or in a gap, or (before {@code from}) not
   * asked for.
   *
   * @return bytes in gaps
   */
  long checkFrom(SessionLog log, long from, int maxBytes) throws IOException {
    long missing = 0;
    try (Cursor cursor = log.cursor(from)) {
      long offset = from;
      while (true) {
        switch (cursor.read(maxBytes)) {
          case Read.Chunk chunk -> {
            assertThat(chunk.offset()).isEqualTo(offset);
            assertThat(chunk.data().size()).isLessThanOrEqualTo(maxBytes);
            check(chunk);
            offset += chunk.data().size();
          }
          case Read.Gap(long gapFrom, long gapTo) -> {
            assertThat(gapFrom).isEqualTo(offset);
            assertThat(gapTo).isGreaterThan(gapFrom);
            missing += gapTo - gapFrom;
            offset = gapTo;
          }
          case Read.AtEnd() -> {
            assertThat(offset).isEqualTo(log.end());
            return missing;
          }
        }
      }
    }
  }
}
