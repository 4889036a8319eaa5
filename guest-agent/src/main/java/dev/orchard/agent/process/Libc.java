package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The C library of 64-bit Linux (glibc 2.34 or newer). Every function is called through one and the
 * same shape, {@code long f(long, long, long, long, long, long)}: on x86-64 and AArch64 an integer
 * or a pointer takes one register whatever its width, and a callee ignores the registers that it
 * does not name. Linking a shape costs about 15 ms, and twenty times that under CPU emulation, so
 * one shape instead of sixteen is seconds of the agent's first start.
 *
 * <p>Results follow the kernel's convention: a negative one is {@code -errno}. Any thread may call.
 */
@SuppressWarnings("restricted") // Calling C is this class' purpose.
final class Libc {
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int ENOTDIR = 20;

  static final int O_RDWR = 2;
  static final int O_NOCTTY = 0400;
  static final int O_NONBLOCK = 04000;
  static final int O_CLOEXEC = 02000000;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LOOKUP = LINKER.defaultLookup();

  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  /** The captured errno of each calling thread. */
  private static final ThreadLocal<MemorySegment> ERRNO =
      ThreadLocal.withInitial(
          () -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout().byteSize(), 8));

  private static final MemorySegment STRERROR = function("strerror");

  private Libc() {}

  /** The address of a function that must be there. */
  static MemorySegment function(String name) {
    return LOOKUP
        .find(name)
        .orElseThrow(() ->
            new UnsatisfiedLinkError(
                "the C library has no " + name + ": the agent needs glibc 2.34 or newer"));
  }

  /** Calls a function that returns an {@code int} below 0 on error. */
  static int call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    MemorySegment errno = ERRNO.get();
    int result = (int) invoke(function, errno, a, b, c, d, e, f);
    return result < 0 ? -errno.get(JAVA_INT, 0) : result;
  }

  static int call(MemorySegment function, long a) {
    return call(function, a, 0, 0, 0, 0, 0);
  }

  static int call(MemorySegment function, long a, long b) {
    return call(function, a, b, 0, 0, 0, 0);
  }

  static int call(MemorySegment function, long a, long b, long c) {
    return call(function, a, b, c, 0, 0, 0);
  }

  /** Calls a function that returns a {@code long} below 0 on error. */
  static long callLong(MemorySegment function, long a, long b, long c, long d) {
    MemorySegment errno = ERRNO.get();
    long result = invoke(function, errno, a, b, c, d, 0, 0);
    return result < 0 ? -errno.get(JAVA_INT, 0) : result;
  }

  /** What the system says about an error, e.g. {@code No such file or directory}. */
  static String words(int errno) {
    long text = invoke(STRERROR, ERRNO.get(), errno, 0, 0, 0, 0, 0);
    return MemorySegment.ofAddress(text).reinterpret(1024).getString(0);
  }

  private static long invoke(
      MemorySegment function, MemorySegment errno, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(function, errno, a, b, c, d, e, f);
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new AssertionError("a downcall throws nothing checked", thrown);
    }
  }
}
