package dev.orchard.exec.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;

/** How many bytes of each stream the log was given, evicted ones among them. */
final class LogBytes {
  private long stdout;
  private long stderr;

  void add(StdStream stream, long bytes) {
    switch (stream) {
      case STDOUT -> stdout += bytes;
      case STDERR -> stderr += bytes;
    }
  }

  long of(StdStream stream) {
    return switch (stream) {
      case STDOUT -> stdout;
      case STDERR -> stderr;
    };
  }

  long end() {
    return stdout + stderr;
  }

  /** The end of a session of which no more can be known. */
  Frame.Exit lost(Duration ran, String why) {
    return Frame.Exit.lost(stdout, stderr, ran, why);
  }

  /** Whether it was given as much as the process is said to have written. */
  boolean isAllOf(Frame.Exit exit) {
    return exit.stdoutBytes() == stdout && exit.stderrBytes() == stderr;
  }

  @Override
  public String toString() {
    return stdout + " and " + stderr;
  }
}
