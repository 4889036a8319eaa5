package dev.orchard.controller.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frees writers whose sockets take nothing. A blocking write has no time-out of its own and closing
 * the socket from another thread waits for it: interrupting the virtual thread that writes is the
 * only way out.
 */
public final class WriteDeadline implements AutoCloseable {
  /** What a write was ended by. */
  public static final class ExpiredException extends IOException {
    private static final long serialVersionUID = 1L;

    ExpiredException(Duration limit, IOException cause) {
      super("the reader took nothing for " + limit.toSeconds() + " s", cause);
    }
  }

  /** A write to a socket. */
  public interface Write {
    void run() throws IOException;
  }

  private static final int SWEEPS = 10;

  private final Duration limit;
  private final Set<Guard> guards = ConcurrentHashMap.newKeySet();
  private final Thread sweeper;

  /** Every write may take {@code limit}, and a tenth of it more. */
  public WriteDeadline(Duration limit) {
    this.limit = limit;
    this.sweeper = Thread.ofVirtual().name("write-deadline").start(this::sweep);
  }

  /** The writes of one virtual thread, which is the caller's. To be closed by it. */
  public Guard guard() {
    Guard guard = new Guard(Thread.currentThread());
    guards.add(guard);
    return guard;
  }

  private void sweep() {
    try {
      while (true) {
        Thread.sleep(limit.dividedBy(SWEEPS));
        guards.forEach(Guard::check);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    sweeper.interrupt();
  }

  /** Watches one thread's writes, one at a time. */
  public final class Guard implements AutoCloseable {
    private final Thread writer;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private long beganNanos;

    @GuardedBy("lock")
    private boolean writing;

    @GuardedBy("lock")
    private boolean expired;

    private Guard(Thread writer) {
      this.writer = writer;
    }

    /**
     * Does the write in the caller's thread.
     *
     * @throws ExpiredException if it was freed because it took too long
     */
    public void write(Write write) throws IOException {
      begin();
      IOException failure = null;
      try {
        write.run();
      } catch (IOException e) {
        failure = e;
      } catch (RuntimeException e) {
        // Helidon wraps what its sockets throw.
        failure = new IOException(e);
      }
      if (end()) {
        throw new ExpiredException(limit, failure == null ? new IOException() : failure);
      }
      if (failure != null) {
        throw failure;
      }
    }

    private void begin() {
      lock.lock();
      try {
        beganNanos = System.nanoTime();
        writing = true;
      } finally {
        lock.unlock();
      }
    }

    /** Whether the writer was interrupted; nobody interrupts it after this. */
    private boolean end() {
      lock.lock();
      try {
        writing = false;
        if (expired) {
          var _ = Thread.interrupted();
        }
        return expired;
      } finally {
        lock.unlock();
      }
    }

    private void check() {
      lock.lock();
      try {
        if (writing && !expired && System.nanoTime() - beganNanos > limit.toNanos()) {
          expired = true;
          writer.interrupt();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      guards.remove(this);
    }
  }
}
