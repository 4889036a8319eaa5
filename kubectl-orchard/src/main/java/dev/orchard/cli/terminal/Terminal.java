package dev.orchard.cli.terminal;

import dev.orchard.client.WindowSize;
import java.util.Optional;

/** The terminal that this process was started on, if there is one. */
public interface Terminal {
  /** Whether standard input comes from a terminal. */
  boolean isStdin();

  /** Empty where none of the three standard streams is a terminal, or it does not know. */
  Optional<WindowSize> size();

  /**
   * Passes every key on as it is, Ctrl-C too, until the answer is closed; needs {@link #isStdin}.
   */
  RawMode raw();

  /** Puts the terminal back as it was; any number of times, from any thread. */
  interface RawMode extends AutoCloseable {
    @Override
    void close();
  }

  /** For a run inside another program: no terminal. */
  static Terminal none() {
    return new Terminal() {
      @Override
      public boolean isStdin() {
        return false;
      }

      @Override
      public Optional<WindowSize> size() {
        return Optional.empty();
      }

      @Override
      public RawMode raw() {
        throw new IllegalStateException("standard input is no terminal");
      }
    };
  }
}
