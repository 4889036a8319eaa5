package dev.orchard.exec.session;

import dev.orchard.exec.frame.StdStream;

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
}
