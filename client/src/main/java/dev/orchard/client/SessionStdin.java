package dev.orchard.client;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.function.Consumer;

/** A session's stdin: blocks while more is on its way than the session has room for. */
final class SessionStdin extends OutputStream {
  private final Consumer<Event> events;
  private long written;
  private long limit;
  private boolean closed;
  private boolean over;

  SessionStdin(Consumer<Event> events) {
    this.events = events;
  }

  /**
   * Lets more be written.
   *
   * @param total how much may have been written then, since the beginning
   */
  synchronized void allow(long total) {
    if (total > limit) {
      limit = total;
      notifyAll();
    }
  }

  /** Nothing is taken any more. */
  synchronized void end() {
    over = true;
    notifyAll();
  }

  /** Waits until a whole frame can be written without blocking; false once nothing is taken. */
  synchronized boolean awaitRoom() throws InterruptedException {
    return awaitRoom(Frame.MAX_DATA);
  }

  private synchronized boolean awaitRoom(int bytes) throws InterruptedException {
    while (!over && limit - written < bytes) {
      wait();
    }
    return !over;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b});
  }

  @Override
  public synchronized void write(byte[] data, int start, int length) throws IOException {
    ByteString rest = ByteString.copyFrom(data, start, length);
    while (!rest.isEmpty()) {
      ByteString chunk = rest.substring(0, Math.min(rest.size(), Frame.MAX_DATA));
      send(chunk, false);
      rest = rest.substring(chunk.size());
    }
  }

  private void send(ByteString data, boolean eof) throws IOException {
    if (closed) {
      throw new IOException("stdin is closed");
    }
    try {
      if (!awaitRoom(data.size())) {
        throw new IOException("the session is over");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
    closed = eof;
    written += data.size();
    events.accept(new Event.Input(data, eof));
  }

  /** The command sees the end of its input, behind all that was written. */
  @Override
  public synchronized void close() throws IOException {
    if (!closed && !over) {
      send(ByteString.EMPTY, true);
    }
  }
}
