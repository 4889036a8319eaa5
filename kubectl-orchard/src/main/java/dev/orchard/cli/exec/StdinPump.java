package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.client.ExecSession;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads local standard input on a thread of its own, one chunk each time there is room for it, and
 * writes it to the session.
 */
final class StdinPump {
  /** What Ctrl-C types on a raw terminal. */
  private static final char INTERRUPT_KEY = 3;

  private final InputStream stdin;
  private final @Nullable EscapeKeys escape;
  private final ExecSession session;
  private final Consumer<Event> events;

  /**
   * Nothing is read yet.
   *
   * @param escape of a raw terminal; absent elsewhere
   */
  StdinPump(
      InputStream stdin, @Nullable EscapeKeys escape, ExecSession session, Consumer<Event> events) {
    this.stdin = stdin;
    this.escape = escape;
    this.session = session;
    this.events = events;
  }

  void start() {
    // A read from a terminal cannot be interrupted; it must not keep the process.
    Thread.ofPlatform().daemon().name("local-stdin").start(this::run);
  }

  private void run() {
    byte[] buffer = new byte[Frame.MAX_DATA];
    try {
      while (session.awaitStdinRoom()) {
        int count = read(buffer);
        if (count < 0) {
          session.stdin().close();
          return;
        }
        pass(ByteString.copyFrom(buffer, 0, count));
      }
    } catch (UnreadableException e) {
      // Not an end: a command must not take half of its input for all of it.
      events.accept(new Event.LocalFailed("standard input cannot be read: " + e.getMessage()));
    } catch (IOException e) {
      // The session is over, and takes no more.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int read(byte[] buffer) throws UnreadableException {
    try {
      return stdin.read(buffer);
    } catch (IOException e) {
      throw new UnreadableException(e);
    }
  }

  private void pass(ByteString data) throws IOException {
    if (escape == null) {
      data.writeTo(session.stdin());
      return;
    }
    if (!session.isConnected() && data.toStringUtf8().indexOf(INTERRUPT_KEY) >= 0) {
      events.accept(new Event.Interrupted());
    }
    for (EscapeKeys.Key key : escape.typed(data)) {
      if (key instanceof EscapeKeys.Key.Typed(ByteString keys)) {
        keys.writeTo(session.stdin());
      } else {
        events.accept(new Event.Escaped(key));
      }
    }
  }

  private static final class UnreadableException extends Exception {
    UnreadableException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
