package dev.orchard.dev;

/** Where dev tells a person what it does: one line for each step, as it happens. */
@FunctionalInterface
public interface Progress {
  void step(String line);
}
