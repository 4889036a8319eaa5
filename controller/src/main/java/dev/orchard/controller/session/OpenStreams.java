package dev.orchard.controller.session;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The attachments that this replica serves now, so that it can tell their clients that it goes. */
final class OpenStreams {
  /** Clients come back at once: many of them not all at the same moment. */
  private static final Duration SPREAD = Duration.ofSeconds(3);

  private static final Duration GAP = Duration.ofMillis(10);

  private final Set<SessionStream> open = ConcurrentHashMap.newKeySet();
  private final Semaphore closed = new Semaphore(0);
  private volatile boolean draining;

  void add(SessionStream stream) {
    open.add(stream);
    if (draining) {
      stream.drain();
    }
  }

  void remove(SessionStream stream) {
    if (open.remove(stream)) {
      closed.release();
    }
  }

  boolean isDraining() {
    return draining;
  }

  /** Ends every stream, also later ones, with an error for its client, and waits for the ends. */
  void drain(Duration patience) throws InterruptedException {
    draining = true;
    List<SessionStream> streams = List.copyOf(open);
    for (SessionStream stream : streams) {
      stream.drain();
      Thread.sleep(Collections.min(List.of(GAP, SPREAD.dividedBy(streams.size()))));
    }
    long deadline = System.nanoTime() + patience.toNanos();
    while (!open.isEmpty()) {
      if (!closed.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        return;
      }
    }
  }
}
