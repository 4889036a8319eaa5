package dev.orchard.cli.terminal;

import dev.orchard.client.WindowSize;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** The real terminal of this process, on Linux and macOS. */
public final class PosixTerminal implements Terminal {
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;

  @Override
  public boolean isStdin() {
    return Libc.isTerminal(STDIN);
  }

  @Override
  public Optional<WindowSize> size() {
    // Where the output is shown counts, if it is shown at all.
    for (int descriptor : new int[] {STDOUT, STDIN, STDERR}) {
      Optional<WindowSize> size = size(descriptor);
      if (size.isPresent()) {
        return size;
      }
    }
    return Optional.empty();
  }

  private static Optional<WindowSize> size(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment winsize = arena.allocate(8, 2);
      if (!Libc.windowSize(descriptor, winsize)) {
        return Optional.empty();
      }
      int rows = Short.toUnsignedInt(winsize.getAtIndex(ValueLayout.JAVA_SHORT, 0));
      int cols = Short.toUnsignedInt(winsize.getAtIndex(ValueLayout.JAVA_SHORT, 1));
      return rows == 0 || cols == 0 ? Optional.empty() : Optional.of(new WindowSize(rows, cols));
    }
  }

  @Override
  public RawMode raw() {
    // Outlives this call: the shutdown hook needs it on every way out.
    MemorySegment before = Arena.global().allocate(Libc.TERMIOS_BYTES, 8);
    Libc.attributes(STDIN, before);
    Thread hook = new Thread(() -> Libc.setAttributes(STDIN, before), "terminal-restore");
    Runtime.getRuntime().addShutdownHook(hook);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment raw = arena.allocate(Libc.TERMIOS_BYTES, 8).copyFrom(before);
      Libc.makeRaw(raw);
      Libc.setAttributes(STDIN, raw);
    }
    return () -> Libc.setAttributes(STDIN, before);
  }
}
