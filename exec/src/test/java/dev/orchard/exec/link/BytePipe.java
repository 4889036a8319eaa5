package dev.orchard.exec.link;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.BooleanSupplier;

/** One direction of a byte channel in memory, 64 KiB deep; writing blocks while it is full. */
final class BytePipe {
  private final byte[] ring = new byte[64 * 1024];
  private int head;
  private int size;
  private boolean closed;

  InputStream input() {
    return new InputStream() {
      @Override
      public int read() {
        throw new UnsupportedOperationException("one byte at a time");
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        return take(into, offset, length);
      }
    };
  }

  OutputStream output() {
    return new OutputStream() {
      @Override
      public void write(int b) {
        throw new UnsupportedOperationException("one byte at a time");
      }

      @Override
      public void write(byte[] from, int offset, int length) throws IOException {
        put(from, offset, length);
      }
    };
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }

  private synchronized int take(byte[] into, int offset, int length) throws IOException {
    awaitWhile(() -> size == 0);
    if (size == 0) {
      return -1;
    }
    int count = Math.min(length, Math.min(size, ring.length - head));
    System.arraycopy(ring, head, into, offset, count);
    head = (head + count) % ring.length;
    size -= count;
    notifyAll();
    return count;
  }

  private synchronized void put(byte[] from, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      awaitWhile(() -> size == ring.length);
      if (closed) {
        throw new IOException("closed");
      }
      int tail = (head + size) % ring.length;
      int count = Math.min(length - done, Math.min(ring.length - size, ring.length - tail));
      System.arraycopy(from, offset + done, ring, tail, count);
      size += count;
      done += count;
      notifyAll();
    }
  }

  private synchronized void awaitWhile(BooleanSupplier blocked) throws IOException {
    try {
      while (blocked.getAsBoolean() && !closed) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
