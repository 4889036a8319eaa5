package dev.orchard.exec.frame;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Valid frames, drawn at random: every event, optional fields with and without, extreme values. */
final class Frames {
  private static final int[] CHARACTERS = "\0\n\"\\a\u007Fé\u2028€🌳".codePoints().toArray();

  private final RandomGenerator random;

  Frames(RandomGenerator random) {
    this.random = random;
  }

  Frame next() {
    return switch (random.nextInt(13)) {
      case 0 ->
          new Frame.Started(
              text(Frame.MAX_NAME), number(), text(Frame.MAX_NAME), text(Frame.MAX_TICKET));
      case 1 -> new Frame.Output(StdStream.STDOUT, offset(), bytes(1));
      case 2 -> new Frame.Output(StdStream.STDERR, offset(), bytes(1));
      case 3 -> {
        long from = offset();
        yield new Frame.Gap(from, from + 1 + random.nextInt(1_000_000));
      }
      case 4 -> new Frame.Ack(number());
      case 5 -> new Frame.Heartbeat(text(Frame.MAX_TICKET));
      case 6, 7 -> exit();
      case 8 -> {
        ErrorCode code = pick(ErrorCode.values());
        long end = code == ErrorCode.OFFSET_AHEAD_OF_LOG ? number() : 0;
        yield new Frame.Failure(code, text(Frame.MAX_MESSAGE), end);
      }
      case 9 -> new Frame.Stdin(offset(), bytes(1), random.nextBoolean());
      case 10 -> new Frame.Stdin(offset(), ByteString.EMPTY, true);
      case 11 -> new Frame.Resize(1 + random.nextInt(65_535), 1 + random.nextInt(65_535));
      default ->
          random.nextBoolean()
              ? new Frame.Detach()
              : new Frame.Signal(pick(Frame.Signal.NAMES.toArray(new String[0])));
    };
  }

  private Frame.Exit exit() {
    ExitReason reason = pick(ExitReason.values());
    String message = text(Frame.MAX_MESSAGE);
    return switch (reason) {
      case EXITED -> ended(random.nextInt(256), null, reason, message);
      case SIGNALED -> ended(null, pick("KILL", "SEGV", "RTMIN+3"), reason, message);
      case START_FAILED ->
          Frame.Exit.withoutProcess(pick(126, 127, null), ExitReason.START_FAILED, message);
      case LOST -> Frame.Exit.lost(number(), number(), duration(), message);
      case TIMED_OUT, IDLE_TIMED_OUT, CANCELLED, OUTPUT_LIMIT ->
          random.nextBoolean()
              ? ended(random.nextInt(256), null, reason, message)
              : ended(null, pick("TERM", "KILL", null), reason, message);
    };
  }

  private Frame.Exit ended(
      @Nullable Integer code, @Nullable String signal, ExitReason reason, String message) {
    boolean digests = random.nextBoolean();
    return new Frame.Exit(
        code,
        signal,
        reason,
        number(),
        number(),
        digests ? digest() : null,
        digests ? digest() : null,
        random.nextBoolean(),
        duration(),
        message);
  }

  ByteString bytes(int atLeast) {
    byte[] bytes = new byte[atLeast + random.nextInt(pick(1, 10, 300, Frame.MAX_DATA))];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  private ByteString digest() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  private Duration duration() {
    return Duration.ofMillis(number());
  }

  private long number() {
    return pick(
        0L, 1L, random.nextLong(1_000_000), random.nextLong(Long.MAX_VALUE), Long.MAX_VALUE);
  }

  private long offset() {
    return Math.min(number(), Long.MAX_VALUE - 2_000_000);
  }

  /** Whole characters of one to four bytes, among them what JSON must escape. */
  private String text(int max) {
    int length = random.nextInt(pick(1, 20, max));
    StringBuilder text = new StringBuilder(max);
    while (text.length() < length) {
      text.appendCodePoint(CHARACTERS[random.nextInt(CHARACTERS.length)]);
    }
    text.setLength(text.length() > max ? max - 1 : text.length());
    return text.toString();
  }

  @SafeVarargs
  private <T extends @Nullable Object> T pick(T... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
