package dev.orchard.cli.terminal;

import java.util.function.Consumer;

/** Where the CLI's own signals come from. */
@FunctionalInterface
public interface Signals {
  /** Instead of ending the process from now on; called on any thread. */
  void handle(Consumer<LocalSignal> handler);

  /** For a run inside another program, which keeps its own handling. */
  static Signals none() {
    return handler -> {};
  }
}
