package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Waits for several file descriptors, and for {@link #wake}, at a time. Each round names anew what
 * it waits for. Owned by one thread, but for {@link #wake}.
 */
public final class Poller implements AutoCloseable {
  /** Something to read, or the end. */
  public static final int READ = 0x001;

  /** Room to write, or nobody reads any more. */
  public static final int WRITE = 0x004;

  private static final int POLLERR = 0x008;
  private static final int POLLHUP = 0x010;
  private static final int POLLNVAL = 0x020;

  /** {@code struct pollfd}: the descriptor, what to wait for, what has come. */
  private static final int ENTRY_BYTES = 8;

  private static final int WANTED = 4;
  private static final int CAME = 6;

  private static final MemorySegment POLL = Libc.function("poll");
  private static final MemorySegment EVENTFD = Libc.function("eventfd");

  private final Arena arena = Arena.ofShared();
  private final int wakeUp =
      Descriptor.check("eventfd", Libc.call(EVENTFD, 0, Libc.O_CLOEXEC | Libc.O_NONBLOCK));
  private final MemorySegment one = arena.allocateFrom(JAVA_LONG, 1);
  private final ByteBuffer counter = ByteBuffer.allocateDirect(Long.BYTES);
  private final MemorySegment entries;
  private final int capacity;
  private int size;

  /** Keeps {@link #wake} off a descriptor that is closed, and may be another one's by then. */
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private boolean closed;

  /**
   * @param capacity descriptors at a time
   */
  public Poller(int capacity) {
    this.capacity = capacity + 1;
    this.entries = arena.allocate((long) ENTRY_BYTES * this.capacity, 8);
    clear();
  }

  /** Begins a round. */
  public void clear() {
    size = 0;
    add(wakeUp, READ);
  }

  /**
   * Waits for {@link #READ}, {@link #WRITE} or both on a descriptor.
   *
   * @return what to ask {@link #readable} and {@link #writable} for behind {@link #await}
   */
  public int add(int fd, int events) {
    if (size == capacity) {
      throw new IllegalStateException("more than " + (capacity - 1) + " descriptors to poll");
    }
    long entry = (long) size * ENTRY_BYTES;
    entries.set(JAVA_INT, entry, fd);
    entries.set(JAVA_SHORT, entry + WANTED, (short) events);
    entries.set(JAVA_SHORT, entry + CAME, (short) 0);
    return size++;
  }

  /**
   * Waits until something has come, {@link #wake} was called since the last round's wait, or time
   * is over.
   *
   * @param millis negative for as long as it takes
   */
  public void await(int millis) {
    int result = Libc.call(POLL, entries.address(), size, millis);
    if (result != -Libc.EINTR) {
      Descriptor.check("poll", result);
    }
    if (readable(0)) {
      Descriptor.read(wakeUp, MemorySegment.ofBuffer(counter));
    }
  }

  public boolean readable(int slot) {
    return (came(slot) & ~WRITE) != 0;
  }

  public boolean writable(int slot) {
    return (came(slot) & (WRITE | POLLERR | POLLHUP | POLLNVAL)) != 0;
  }

  private int came(int slot) {
    return entries.get(JAVA_SHORT, (long) slot * ENTRY_BYTES + CAME);
  }

  /** Ends the wait that is on, or else the next. Any thread may call it. */
  public void wake() {
    lock.lock();
    try {
      if (!closed) {
        Descriptor.write(wakeUp, one);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      Descriptor.close(wakeUp);
      arena.close();
    } finally {
      lock.unlock();
    }
  }
}
