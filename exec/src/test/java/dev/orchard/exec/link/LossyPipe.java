package dev.orchard.exec.link;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/** One direction of a simulated channel: chunks arrive in order and a moment later, if at all. */
final class LossyPipe {
  private static final int KEPT = 64;

  private record Chunk(ByteBuffer bytes, long due) {}

  private final Random random;
  private final Deque<Chunk> flying = new ArrayDeque<>();
  private final Deque<byte[]> past = new ArrayDeque<>();
  private long lastDue;

  LossyPipe(Random random) {
    this.random = random;
  }

  void send(byte[] bytes, long now) {
    lastDue = Math.max(lastDue, now + random.nextLong(20_000_000));
    flying.addLast(new Chunk(ByteBuffer.wrap(bytes), lastDue));
    past.addLast(bytes);
    if (past.size() > KEPT) {
      past.removeFirst();
    }
  }

  /** The next chunk that has arrived; empty if none has. */
  byte[] receive(long now) {
    Chunk next = flying.peekFirst();
    if (next == null || next.due() > now) {
      return new byte[0];
    }
    flying.removeFirst();
    return next.bytes().array();
  }

  /** Does something to the bytes under way that no channel should. */
  void harm(long now) {
    switch (random.nextInt(6)) {
      case 0 -> replace(this::flip);
      case 1 -> replace(bytes -> Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      case 2 ->
          replace(bytes -> Arrays.copyOfRange(bytes, random.nextInt(bytes.length), bytes.length));
      case 3 -> replace(LossyPipe::twice);
      case 4 -> {
        byte[] noise = new byte[random.nextInt(200)];
        random.nextBytes(noise);
        send(noise, now);
      }
      default -> replay(now);
    }
  }

  /** As when bytes of an old conversation lie in a buffer that somebody reads again. */
  private void replay(long now) {
    List<byte[]> old = List.copyOf(past);
    int from = random.nextInt(old.size() + 1);
    old.subList(from, Math.min(old.size(), from + 1 + random.nextInt(8)))
        .forEach(bytes -> send(bytes, now));
  }

  void loseEverything() {
    flying.clear();
  }

  private byte[] flip(byte[] bytes) {
    byte[] flipped = bytes.clone();
    flipped[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    return flipped;
  }

  private void replace(UnaryOperator<byte[]> replacement) {
    Chunk chunk = flying.pollLast();
    if (chunk != null && chunk.bytes().capacity() > 0) {
      byte[] changed = replacement.apply(chunk.bytes().array());
      flying.addLast(new Chunk(ByteBuffer.wrap(changed), chunk.due()));
    }
  }

  private static byte[] twice(byte[] bytes) {
    byte[] doubled = Arrays.copyOf(bytes, bytes.length * 2);
    System.arraycopy(bytes, 0, doubled, bytes.length, bytes.length);
    return doubled;
  }
}
