package dev.orchard.exec.frame;

import com.google.protobuf.ByteString;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the schema says about single fields. */
final class Checks {
  /** Real-time signals ("RTMIN+3") may kill a process, though no client may send them. */
  private static final Pattern SIGNAL = Pattern.compile("[A-Z][A-Z0-9+-]{0,15}");

  private static final int SHA256_BYTES = 32;

  private Checks() {}

  static void notNegative(String field, long value) {
    if (value < 0) {
      throw new InvalidFrameException(field, value + " is negative");
    }
  }

  /** Text of whole characters only: a half of one has no UTF-8. */
  static void text(String field, String text, int max) {
    if (text.length() > max) {
      throw new InvalidFrameException(field, text.length() + " characters, at most " + max);
    }
    if (text.codePoints().anyMatch(Checks::isHalfCharacter)) {
      throw new InvalidFrameException(field, "half of a surrogate pair: send whole characters");
    }
  }

  static void data(String event, long offset, ByteString data) {
    notNegative(event + ".offset", offset);
    if (data.size() > Frame.MAX_DATA) {
      throw new InvalidFrameException(
          event + ".data",
          "%d bytes, at most %d: send several frames".formatted(data.size(), Frame.MAX_DATA));
    }
    if (offset > Long.MAX_VALUE - data.size()) {
      throw new InvalidFrameException(
          event + ".offset", "%d with %d bytes is beyond 2^63".formatted(offset, data.size()));
    }
  }

  static void digest(String field, @Nullable ByteString digest) {
    if (digest != null && digest.size() != SHA256_BYTES) {
      throw new InvalidFrameException(
          field, "%d bytes, SHA-256 has %d".formatted(digest.size(), SHA256_BYTES));
    }
  }

  static void terminalSize(String field, int size) {
    if (size < 1 || size > 65_535) {
      throw new InvalidFrameException(field, size + " is not in 1 to 65535");
    }
  }

  static void outcome(
      @Nullable Integer code, @Nullable String signal, ExitReason reason, boolean digests) {
    if (code != null && (code < 0 || code > 255)) {
      throw new InvalidFrameException("exit.code", code + " is not in 0 to 255");
    }
    if (signal != null && !SIGNAL.matcher(signal).matches()) {
      throw new InvalidFrameException(
          "exit.signal", quoted(signal) + " is no name of a signal, as KILL is");
    }
    if (code != null && signal != null) {
      throw new InvalidFrameException(
          "exit.signal", "%s and code %d: a process ends by one of them".formatted(signal, code));
    }
    switch (reason) {
      case EXITED -> {
        if (code == null) {
          throw new InvalidFrameException("exit.code", "missing with reason Exited");
        }
      }
      case SIGNALED -> {
        if (signal == null) {
          throw new InvalidFrameException("exit.signal", "missing with reason Signaled");
        }
      }
      case START_FAILED -> {
        if (signal != null || digests || (code != null && code != 126 && code != 127)) {
          throw new InvalidFrameException(
              "exit.reason", "StartFailed has code 126, 127 or none, no signal and no digests");
        }
      }
      case LOST -> {
        if (code != null || signal != null || digests) {
          throw new InvalidFrameException(
              "exit.reason", "Lost has neither code nor signal nor digests");
        }
      }
      case TIMED_OUT, IDLE_TIMED_OUT, CANCELLED, OUTPUT_LIMIT -> {}
    }
  }

  /** Cut to {@link Frame#MAX_MESSAGE}, and free of halves of characters, which no encoding has. */
  static String message(String text) {
    String cut = text.length() > Frame.MAX_MESSAGE ? text.substring(0, Frame.MAX_MESSAGE) : text;
    StringBuilder whole = new StringBuilder(cut.length());
    cut.codePoints().map(c -> isHalfCharacter(c) ? 0xFFFD : c).forEach(whole::appendCodePoint);
    return whole.toString();
  }

  private static boolean isHalfCharacter(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /** Untrusted text, short and harmless enough for a message. */
  static String quoted(String text) {
    return quoted(text, 40);
  }

  static String quoted(String text, int max) {
    String cut = text.length() > max ? text.substring(0, max) + "…" : text;
    return '"' + cut.replaceAll("\\p{Cntrl}", "?") + '"';
  }
}
