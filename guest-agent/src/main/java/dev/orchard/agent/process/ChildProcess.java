package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.orchard.exec.frame.StdStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A process that the agent started, and our ends of its stdin, stdout and stderr. With a terminal
 * stdin and stdout are one end, and there is no stderr. No call blocks. Owned by one thread.
 *
 * <p>Numbers of ends are for {@link Poller} and negative where there is no such end, or not any
 * more.
 */
public final class ChildProcess implements AutoCloseable {
  /** {@link #read} and {@link #write}: the other end is closed, and now so is ours. */
  public static final int END = Descriptor.END;

  private static final int WNOHANG = 1;

  private static final int WEXITED = 4;
  private static final int WNOWAIT = 0x0100_0000;
  private static final int P_ALL = 0;

  /** Of {@code siginfo_t}, on every 64-bit Linux. */
  private static final int SIGINFO_BYTES = 128;

  private static final int SIGINFO_PID = 16;

  /** VEOF as a terminal starts with. */
  private static final byte CTRL_D = 4;

  private static final MemorySegment KILL = Libc.function("kill");
  private static final MemorySegment WAITID = Libc.function("waitid");
  private static final MemorySegment WAITPID = Libc.function("waitpid");

  private final int pid;
  private final boolean terminal;
  private int pidfd;
  private int stdin;
  private int stdout;
  private int stderr;

  ChildProcess(int pid, int pidfd, boolean terminal, int stdin, int stdout, int stderr) {
    this.pid = pid;
    this.pidfd = pidfd;
    this.terminal = terminal;
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** How a process ended: by a code, 0 to 255, or else by the signal of that name without SIG. */
  public record End(@Nullable Integer code, @Nullable String signal) {}

  public int pid() {
    return pid;
  }

  public boolean terminal() {
    return terminal;
  }

  /** Readable once the process has ended; negative behind {@link #reap}. */
  public int pidfd() {
    return pidfd;
  }

  public int stdin() {
    return stdin;
  }

  public int output(StdStream stream) {
    return switch (stream) {
      case STDOUT -> stdout;
      case STDERR -> stderr;
    };
  }

  /**
   * Reads into a direct buffer, from its start.
   *
   * @return the number of bytes, 0 where there is nothing now, or {@link #END}
   */
  public int read(StdStream stream, ByteBuffer buffer) {
    int count = Descriptor.read(output(stream), MemorySegment.ofBuffer(buffer.clear()));
    if (count == END) {
      close(stream);
    }
    return count;
  }

  private void close(StdStream stream) {
    switch (stream) {
      case STDOUT -> {
        Descriptor.close(stdout);
        if (terminal) {
          stdin = StdioEnds.NONE;
        }
        stdout = StdioEnds.NONE;
      }
      case STDERR -> {
        Descriptor.close(stderr);
        stderr = StdioEnds.NONE;
      }
    }
  }

  /**
   * Writes what a direct buffer has remaining.
   *
   * @return the number of bytes taken, 0 where there is no room now, or {@link #END}
   */
  public int write(ByteBuffer buffer) {
    int count = Descriptor.write(stdin, MemorySegment.ofBuffer(buffer));
    if (count == END) {
      closeStdin();
    }
    return count;
  }

  /**
   * Ends stdin. A pipe is closed; a terminal gets Ctrl-D, which it takes for the end only at the
   * start of a line and unless a program has changed its mode.
   *
   * @return false where a terminal has no room for it now
   */
  public boolean endStdin() {
    if (terminal && stdin != StdioEnds.NONE) {
      ByteBuffer ctrlD = ByteBuffer.allocateDirect(1).put(CTRL_D).flip();
      return write(ctrlD) != 0;
    }
    closeStdin();
    return true;
  }

  private void closeStdin() {
    if (!terminal) {
      Descriptor.close(stdin);
    }
    stdin = StdioEnds.NONE;
  }

  /** Of no effect behind the terminal's end. */
  public void resize(TerminalSize size) {
    if (terminal && stdout != StdioEnds.NONE) {
      StdioEnds.resize(stdout, size);
    }
  }

  /** Sends a signal to the whole process group. Of no effect once the process was reaped. */
  public void signal(int number) {
    if (pidfd != StdioEnds.NONE) {
      Libc.call(KILL, -pid, number);
    }
  }

  /** Collects the process if it has ended. From then on its id may be another process'. */
  public Optional<End> reap() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(JAVA_INT);
      int reaped = Descriptor.check("waitpid", Libc.call(WAITPID, pid, status.address(), WNOHANG));
      if (reaped == 0) {
        return Optional.empty();
      }
      Descriptor.close(pidfd);
      pidfd = StdioEnds.NONE;
      int bits = status.get(JAVA_INT, 0);
      int signal = bits & 0x7F;
      return Optional.of(
          signal == 0 ? new End((bits >> 8) & 0xFF, null) : new End(null, Signals.name(signal)));
    }
  }

  /**
   * Collects children of the agent that have ended, one by one, up to the first that is not to be:
   * the system shows none behind it until it is collected.
   */
  static void collect(IntPredicate which) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(SIGINFO_BYTES, 8);
      while (true) {
        info.set(JAVA_INT, SIGINFO_PID, 0);
        int options = WNOHANG | WEXITED | WNOWAIT;
        int error = Libc.call(WAITID, P_ALL, 0, info.address(), options, 0, 0);
        int ended = info.get(JAVA_INT, SIGINFO_PID);
        if (error < 0 || ended == 0 || !which.test(ended)) {
          return;
        }
        Libc.call(WAITPID, ended, 0, WNOHANG);
      }
    }
  }

  /**
   * Closes our ends. A process that still has the others meets end-of-file or SIGPIPE, or SIGHUP.
   */
  @Override
  public void close() {
    close(StdStream.STDOUT);
    close(StdStream.STDERR);
    closeStdin();
  }
}
