package dev.orchard.it.faults;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A stream in which every byte says where it stands: line n, from 0, is the number n + 100000000.
 * Checks one as it arrives. Owned by one thread.
 */
final class NumberedLines {
  private static final int FIRST = 100_000_000;
  private static final int WIDTH = 10;
  private static final Pattern LINE = Pattern.compile("\n(\\d{9})\n");

  /** Of stdout in one chunk; stderr has one. */
  private static final int CHUNK = 400;

  private long next;
  private long lost;
  private long doubled;
  private long garbled;

  /**
   * A command that notes in a file that it has run, and then prints such streams on stdout and
   * stderr, slowly.
   *
   * @param runs folder in the guest; a line is appended to the file {@code name} in it
   * @param chunks of 400 lines of stdout and one of stderr, 5 in a second
   */
  static List<String> command(String runs, String name, int chunks) {
    return List.of(
        "sh",
        "-c",
        """
        mkdir -p "$1" && echo run >> "$1/$2"; i=%1$d; e=%1$d
        while [ $e -lt $((%1$d + $3)) ]; do
          seq $i $((i + %2$d)); echo $e >&2
          i=$((i + %3$d)); e=$((e + 1)); sleep 0.2
        done
        """
            .formatted(FIRST, CHUNK - 1, CHUNK),
        "sh",
        runs,
        name,
        Integer.toString(chunks));
  }

  static long stdoutBytes(int chunks) {
    return (long) chunks * CHUNK * WIDTH;
  }

  static long stderrBytes(int chunks) {
    return (long) chunks * WIDTH;
  }

  /** What comes next, however it is cut. */
  void received(ByteString data) {
    ByteString expected = expected(next, data.size());
    if (data.equals(expected)) {
      next += data.size();
      return;
    }
    int wrong = 0;
    while (data.byteAt(wrong) == expected.byteAt(wrong)) {
      wrong++;
    }
    Matcher line = LINE.matcher(data.toString(StandardCharsets.ISO_8859_1));
    if (line.find(wrong)) {
      long stands = (Long.parseLong(line.group(1)) - FIRST) * WIDTH;
      long expectedThere = next + line.start(1);
      lost += Math.max(0, stands - expectedThere);
      doubled += Math.max(0, expectedThere - stands);
      next = stands + data.size() - line.start(1);
    } else {
      garbled += data.size() - wrong;
      next += data.size();
    }
  }

  /** Where the stream stands. */
  long bytes() {
    return next;
  }

  /** Bytes that were skipped. */
  long lost() {
    return lost;
  }

  /** Bytes that came again. */
  long doubled() {
    return doubled;
  }

  /** Bytes that are none of this stream. */
  long garbled() {
    return garbled;
  }

  /** Whether every byte came once, as far as it goes. */
  boolean isFlawless() {
    return lost + doubled + garbled == 0;
  }

  private static ByteString expected(long position, int size) {
    StringBuilder lines = new StringBuilder(size + 2 * WIDTH);
    for (long line = position / WIDTH; lines.length() < size + WIDTH; line++) {
      lines.append(FIRST + line).append('\n');
    }
    int from = (int) (position % WIDTH);
    return ByteString.copyFrom(lines.substring(from, from + size), StandardCharsets.US_ASCII);
  }
}
