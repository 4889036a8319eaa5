package dev.orchard.client;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Tells the listener on a thread of its own, so that one who stops (a pager, a stopped terminal)
 * holds up nothing but the output. What waits here is bounded by what a socket lets arrive
 * unconsumed.
 */
final class Delivery {
  /** One call of the listener. */
  @FunctionalInterface
  interface Call {
    void make() throws IOException;
  }

  private record Item(Call call, Runnable made) {}

  private final Consumer<Event> events;
  private final BlockingQueue<Item> queue = new LinkedBlockingQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private boolean finished;

  Delivery(Consumer<Event> events) {
    this.events = events;
  }

  void start() {
    // Blocked in a write for ever it must not keep the process.
    Thread.ofPlatform().daemon().name("session-output").start(this::run);
  }

  /** In its place among all calls; {@code made} is called on another thread. */
  void add(Call call, Runnable made) {
    waiting.incrementAndGet();
    queue.add(new Item(call, made));
  }

  void add(Call call) {
    add(call, () -> {});
  }

  /** The last call; tells {@link Event.Delivered} after it. */
  void finish(Call call) {
    add(call, () -> finished = true);
  }

  /** Ends the thread without its last call. */
  void abandon() {
    queue.clear();
    finish(() -> {});
  }

  /** Whether no call waits: whoever is silent now is not held up by us. */
  boolean isIdle() {
    return waiting.get() == 0;
  }

  @SuppressWarnings("CatchingUnchecked") // The listener's, whatever it is.
  private void run() {
    try {
      while (!finished) {
        Item item = queue.take();
        try {
          item.call().make();
          item.made().run();
        } finally {
          waiting.decrementAndGet();
        }
      }
      events.accept(new Event.Delivered());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception | Error e) {
      events.accept(new Event.Undelivered(e));
    }
  }
}
