package dev.orchard.client;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.JsonFrames;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;

/** A session's frames as NDJSON, read on a thread of its own. What is sent to it goes nowhere. */
final class LogStream implements SessionStream {
  private final InputStream body;
  private final boolean follow;
  private final Listener listener;
  private final Semaphore wanted = new Semaphore(0);

  /**
   * Nothing is read yet.
   *
   * @param follow whether an end without {@code exit} means that the connection broke
   */
  LogStream(InputStream body, boolean follow, Listener listener) {
    this.body = new BufferedInputStream(body, JsonFrames.MAX_BYTES);
    this.follow = follow;
    this.listener = listener;
  }

  @Override
  public void receive() {
    wanted.release(UNCONSUMED);
    Thread.ofVirtual().name("log").start(this::read);
  }

  private void read() {
    try {
      for (byte[] line = line(); line.length > 0; line = line()) {
        wanted.acquire();
        listener.received(JsonFrames.decodeOut(line));
      }
      if (follow) {
        listener.closed("the stream ended");
      } else {
        listener.finished();
      }
    } catch (InvalidFrameException e) {
      listener.broken(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      listener.closed("the stream broke: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The next line, or nothing at the end. One that is too long is cut, and so no frame. */
  private byte[] line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = body.read();
    while (next >= 0 && next != '\n' && line.size() <= JsonFrames.MAX_BYTES) {
      line.write(next);
      next = body.read();
    }
    if (next < 0 && line.size() > 0) {
      throw new IOException("in the middle of a frame");
    }
    return line.toByteArray();
  }

  @Override
  public void send(Frame.In frame) {
    listener.sent();
  }

  @Override
  public void consumed() {
    wanted.release();
  }

  @Override
  public void close() {
    abort();
  }

  @Override
  public void abort() {
    try {
      body.close();
    } catch (IOException e) {
      // Gone either way.
    }
  }
}
