package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.cli.message.Messages;
import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Writes to standard output and error on a thread of its own, so that a reader who stops (a pager,
 * a stopped terminal) holds up nothing but the output. What waits here is bounded by what a socket
 * lets arrive unconsumed.
 */
final class LocalOutput {
  private sealed interface Item {}

  private record Chunk(StdStream stream, ByteString data, Runnable written) implements Item {}

  private record Note(String message) implements Item {}

  private record Finish() implements Item {}

  private final OutputStream stdout;
  private final OutputStream stderr;
  private final Messages messages;
  private final Consumer<Event> events;
  private final BlockingQueue<Item> queue = new LinkedBlockingQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();

  LocalOutput(OutputStream stdout, OutputStream stderr, Messages messages, Consumer<Event> events) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.messages = messages;
    this.events = events;
  }

  void start() {
    // Blocked in a write for ever it must not keep the process.
    Thread.ofPlatform().daemon().name("local-output").start(this::run);
  }

  /** Bytes as they are; {@code written} is called on another thread. */
  void write(StdStream stream, ByteString data, Runnable written) {
    waiting.incrementAndGet();
    queue.add(new Chunk(stream, data, written));
  }

  /** A message for people, in its place among the command's own output. */
  void note(String message) {
    waiting.incrementAndGet();
    queue.add(new Note(message));
  }

  /** Tells {@link Event.Written} when all before it is written. The last call. */
  void finish() {
    queue.add(new Finish());
  }

  /** Whether nothing waits to be written: whoever is silent now is not held up by us. */
  boolean isIdle() {
    return waiting.get() == 0;
  }

  private void run() {
    try {
      Item item = queue.take();
      while (!(item instanceof Finish)) {
        take(item);
        item = queue.take();
      }
      events.accept(new Event.Written());
    } catch (IOException e) {
      events.accept(new Event.LocalFailed("output cannot be written: " + e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void take(Item item) throws IOException {
    try {
      switch (item) {
        case Chunk(StdStream stream, ByteString data, Runnable written) -> {
          write(stream, data);
          written.run();
        }
        case Note(String message) -> messages.say(message);
        case Finish() -> {}
      }
    } finally {
      waiting.decrementAndGet();
    }
  }

  private void write(StdStream stream, ByteString data) throws IOException {
    OutputStream out =
        switch (stream) {
          case STDOUT -> stdout;
          case STDERR -> stderr;
        };
    data.writeTo(out);
    out.flush();
  }
}
