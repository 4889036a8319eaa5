package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Calls on open file descriptors. None of them blocks on a descriptor that is non-blocking. */
final class Descriptor {
  /** {@link #read}: nothing to read now. */
  static final int NOTHING = 0;

  /** {@link #read}: no byte will come any more. {@link #write}: nobody reads any more. */
  static final int END = -1;

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;

  private static final MemorySegment READ = Libc.function("read");
  private static final MemorySegment WRITE = Libc.function("write");
  private static final MemorySegment CLOSE = Libc.function("close");
  private static final MemorySegment FCNTL = Libc.function("fcntl");
  private static final MemorySegment PIPE2 = Libc.function("pipe2");

  private Descriptor() {}

  /** Both ends of a pipe; neither is inherited by a process. */
  record Pipe(int read, int write) {
    static Pipe open() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment ends = arena.allocate(8, 4);
        check("pipe2", Libc.call(PIPE2, ends.address(), Libc.O_CLOEXEC));
        return new Pipe(ends.getAtIndex(JAVA_INT, 0), ends.getAtIndex(JAVA_INT, 1));
      }
    }
  }

  /**
   * Reads into a native buffer: the number of bytes, {@link #NOTHING} or {@link #END}. The master
   * of a terminal that nobody holds open any more fails with EIO, which is its end.
   */
  static int read(int fd, MemorySegment buffer) {
    long result;
    do {
      result = Libc.callLong(READ, fd, buffer.address(), buffer.byteSize(), 0);
    } while (result == -Libc.EINTR);
    if (result > 0) {
      return (int) result;
    }
    return result == -Libc.EAGAIN ? NOTHING : END;
  }

  /** Writes from a native buffer: the number of bytes taken, which may be 0, or {@link #END}. */
  static int write(int fd, MemorySegment buffer) {
    long result;
    do {
      result = Libc.callLong(WRITE, fd, buffer.address(), buffer.byteSize(), 0);
    } while (result == -Libc.EINTR);
    if (result >= 0) {
      return (int) result;
    }
    return result == -Libc.EAGAIN ? NOTHING : END;
  }

  static void nonBlocking(int fd) {
    int flags = check("fcntl", Libc.call(FCNTL, fd, F_GETFL));
    check("fcntl", Libc.call(FCNTL, fd, F_SETFL, flags | Libc.O_NONBLOCK));
  }

  static void close(int fd) {
    if (fd >= 0) {
      Libc.call(CLOSE, fd);
    }
  }

  /** The result of a call that fails only where the system is out of something. */
  static int check(String what, int result) {
    if (result < 0) {
      throw new SystemCallException(what, -result);
    }
    return result;
  }
}
