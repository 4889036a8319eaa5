package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * Reads local standard input on a thread of its own, one chunk each time there is room for it. All
 * methods are called by the run's thread.
 */
final class StdinPump {
  private final InputStream stdin;
  private final Consumer<Event> events;
  private final Semaphore asked = new Semaphore(0);
  private boolean started;
  private boolean reading;
  private boolean ended;

  StdinPump(InputStream stdin, Consumer<Event> events) {
    this.stdin = stdin;
    this.events = events;
  }

  /** Asks for an {@link Event.Input}, unless one is on its way or there is no room for it. */
  void ask(int room) {
    if (reading || ended || room < Frame.MAX_DATA) {
      return;
    }
    if (!started) {
      started = true;
      // A read from a terminal cannot be interrupted; it must not keep the process.
      Thread.ofPlatform().daemon().name("local-stdin").start(this::run);
    }
    reading = true;
    asked.release();
  }

  /** The input that was asked for is there. */
  void arrived(boolean eof) {
    reading = false;
    ended = eof;
  }

  private void run() {
    byte[] buffer = new byte[Frame.MAX_DATA];
    try {
      boolean more = true;
      while (more) {
        asked.acquire();
        int count = stdin.read(buffer);
        more = count >= 0;
        events.accept(
            more
                ? new Event.Input(ByteString.copyFrom(buffer, 0, count), false)
                : new Event.Input(ByteString.EMPTY, true));
      }
    } catch (IOException e) {
      // Not an end: a command must not take half of its input for all of it.
      events.accept(new Event.LocalFailed("standard input cannot be read: " + e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
