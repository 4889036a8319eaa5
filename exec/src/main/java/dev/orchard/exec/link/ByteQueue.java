package dev.orchard.exec.link;

import java.nio.ByteBuffer;

/** First-in first-out bytes in one growing array, which is given back if large and empty. */
final class ByteQueue {
  private static final byte[] NONE = new byte[0];
  private static final int SMALLEST = 1024;
  private static final int KEPT = 64 * 1024;

  private byte[] bytes = NONE;
  private int head;
  private int size;

  int size() {
    return size;
  }

  void append(ByteBuffer from) {
    int count = from.remaining();
    reserve(count);
    from.get(bytes, head + size, count);
    size += count;
  }

  /** The first four bytes as a big-endian number; there must be four. */
  int peekInt() {
    return ByteBuffer.wrap(bytes, head, Integer.BYTES).getInt();
  }

  void skip(int count) {
    head += count;
    size -= count;
    if (size == 0) {
      head = 0;
      if (bytes.length > KEPT) {
        bytes = NONE;
      }
    }
  }

  void take(ByteBuffer into, int count) {
    into.put(bytes, head, count);
    skip(count);
  }

  byte[] take(int count) {
    byte[] taken = new byte[count];
    take(ByteBuffer.wrap(taken), count);
    return taken;
  }

  void clear() {
    skip(size);
  }

  private void reserve(int count) {
    if (head + size + count <= bytes.length) {
      return;
    }
    // Moving costs less than it saves only when at least half is free in front.
    byte[] target =
        size + count <= bytes.length / 2
            ? bytes
            : new byte[Math.max(SMALLEST, Integer.highestOneBit(size + count) * 2)];
    System.arraycopy(bytes, head, target, 0, size);
    bytes = target;
    head = 0;
  }
}
