package dev.orchard.cli.terminal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/** The C library's calls about terminals. Linked when this class is first used. */
@SuppressWarnings("restricted")
final class Libc {
  /** More than any struct termios (Linux 60, macOS 72); nothing here looks inside. */
  static final int TERMIOS_BYTES = 256;

  private static final boolean MACOS =
      System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac");
  private static final long TIOCGWINSZ = MACOS ? 0x40087468L : 0x5413L;
  private static final int TCSANOW = 0;

  private static final MethodHandle ISATTY =
      link("isatty", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle TCGETATTR =
      link("tcgetattr", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle TCSETATTR =
      link("tcsetattr", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle CFMAKERAW =
      link("cfmakeraw", FunctionDescriptor.ofVoid(ADDRESS));
  private static final MethodHandle IOCTL =
      link(
          "ioctl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
          Linker.Option.firstVariadicArg(2));

  private Libc() {}

  private static MethodHandle link(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
  }

  static boolean isTerminal(int descriptor) {
    return call(() -> (int) ISATTY.invokeExact(descriptor)) == 1;
  }

  static void attributes(int descriptor, MemorySegment termios) {
    if (call(() -> (int) TCGETATTR.invokeExact(descriptor, termios)) != 0) {
      throw new IllegalStateException("tcgetattr of descriptor " + descriptor + " failed");
    }
  }

  /** A terminal that has gone away meanwhile needs nothing. */
  static void setAttributes(int descriptor, MemorySegment termios) {
    call(() -> (int) TCSETATTR.invokeExact(descriptor, TCSANOW, termios));
  }

  static void makeRaw(MemorySegment termios) {
    call(() -> {
      CFMAKERAW.invokeExact(termios);
      return 0;
    });
  }

  /** Fills a struct winsize; false where the descriptor is no terminal. */
  static boolean windowSize(int descriptor, MemorySegment winsize) {
    return call(() -> (int) IOCTL.invokeExact(descriptor, TIOCGWINSZ, winsize)) == 0;
  }

  private interface NativeCall {
    int invoke() throws Throwable;
  }

  /** A downcall declares Throwable but throws nothing of its own. */
  private static int call(NativeCall call) {
    try {
      return call.invoke();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
