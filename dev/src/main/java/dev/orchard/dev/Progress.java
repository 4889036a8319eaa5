package dev.orchard.dev;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/** Where dev tells a person what it does: one line for each step, as it happens. */
@FunctionalInterface
public interface Progress {
  void step(String line);

  /** Lines that begin with the seconds since now. */
  static Progress timed(PrintStream out) {
    long start = System.nanoTime();
    return line ->
        out.printf(
            Locale.ROOT,
            "[%5.1f s] %s%n",
            Duration.ofNanos(System.nanoTime() - start).toMillis() / 1000.0,
            line);
  }
}
