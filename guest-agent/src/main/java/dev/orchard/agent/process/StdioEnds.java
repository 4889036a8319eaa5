package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.orchard.agent.process.Descriptor.Pipe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Both ends of a process' stdin, stdout and stderr while it is being started. Closing closes the
 * process' ends, and ours too unless they were {@link #taken}.
 *
 * <p>Where a number is {@link #NONE} there is no such end.
 */
final class StdioEnds implements AutoCloseable {
  static final int NONE = -1;

  private static final long TIOCSWINSZ = 0x5414;
  private static final long TIOCGPTN = 0x80045430L;

  private static final MemorySegment POSIX_OPENPT = Libc.function("posix_openpt");
  private static final MemorySegment GRANTPT = Libc.function("grantpt");
  private static final MemorySegment UNLOCKPT = Libc.function("unlockpt");
  private static final MemorySegment IOCTL = Libc.function("ioctl");
  private static final MemorySegment CHOWN = Libc.function("chown");
  private static final MemorySegment FCHOWN = Libc.function("fchown");

  /** Path of the terminal that the process opens as its controlling one; absent for pipes. */
  private @Nullable String terminalPath;

  private int ourStdin = NONE;
  private int ourStdout = NONE;
  private int ourStderr = NONE;
  private final int[] theirs = {NONE, NONE, NONE};
  private boolean taken;

  private StdioEnds() {}

  static StdioEnds open(@Nullable TerminalSize terminal, boolean stdin) {
    StdioEnds ends = new StdioEnds();
    try {
      if (terminal == null) {
        ends.openPipes(stdin);
      } else {
        ends.openTerminal(terminal);
      }
      return ends;
    } catch (SystemCallException e) {
      ends.close();
      throw e;
    }
  }

  private void openPipes(boolean stdin) {
    if (stdin) {
      Pipe in = Pipe.open();
      theirs[0] = in.read();
      ourStdin = in.write();
      Descriptor.nonBlocking(ourStdin);
    }
    Pipe out = Pipe.open();
    theirs[1] = out.write();
    ourStdout = out.read();
    Descriptor.nonBlocking(ourStdout);
    Pipe err = Pipe.open();
    theirs[2] = err.write();
    ourStderr = err.read();
    Descriptor.nonBlocking(ourStderr);
  }

  private void openTerminal(TerminalSize size) {
    int flags = Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC | Libc.O_NONBLOCK;
    int master = Descriptor.check("posix_openpt", Libc.call(POSIX_OPENPT, flags));
    ourStdin = master;
    ourStdout = master;
    Descriptor.check("grantpt", Libc.call(GRANTPT, master));
    Descriptor.check("unlockpt", Libc.call(UNLOCKPT, master));
    resize(master, size);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(JAVA_INT);
      Descriptor.check("TIOCGPTN", Libc.call(IOCTL, master, TIOCGPTN, number.address()));
      terminalPath = "/dev/pts/" + number.get(JAVA_INT, 0);
    }
  }

  static void resize(int master, TerminalSize size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment winsize = arena.allocate(8, 2);
      winsize.setAtIndex(JAVA_SHORT, 0, (short) size.rows());
      winsize.setAtIndex(JAVA_SHORT, 1, (short) size.cols());
      Descriptor.check("TIOCSWINSZ", Libc.call(IOCTL, master, TIOCSWINSZ, winsize.address()));
    }
  }

  /** Lets a process of another user open its own {@code /dev/stdout} and its terminal. */
  void giveTo(Account account) {
    if (terminalPath != null) {
      try (Arena arena = Arena.ofConfined()) {
        long path = arena.allocateFrom(terminalPath).address();
        Descriptor.check("chown " + terminalPath, Libc.call(CHOWN, path, account.uid(), -1));
      }
    }
    for (int end : theirs) {
      if (end != NONE) {
        Descriptor.check("fchown", Libc.call(FCHOWN, end, account.uid(), account.gid()));
      }
    }
  }

  @Nullable String terminalPath() {
    return terminalPath;
  }

  /** The descriptor that becomes number {@code 0}, {@code 1} or {@code 2}, without a terminal. */
  int theirs(int number) {
    return theirs[number];
  }

  /** Our ends are its owner's from now on. */
  ChildProcess taken(int pid, int pidfd) {
    taken = true;
    return new ChildProcess(pid, pidfd, terminalPath != null, ourStdin, ourStdout, ourStderr);
  }

  @Override
  public void close() {
    for (int end : theirs) {
      Descriptor.close(end);
    }
    if (!taken) {
      Descriptor.close(ourStdout);
      Descriptor.close(ourStderr);
      if (ourStdin != ourStdout) {
        Descriptor.close(ourStdin);
      }
    }
  }
}
