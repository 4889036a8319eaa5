package dev.orchard.cli.exec;

import dev.orchard.cli.message.Messages;
import dev.orchard.cli.terminal.Terminal;
import org.jspecify.annotations.Nullable;

/** Our terminal while keys go to the command; safe for any thread. */
final class RawTerminal {
  private final Terminal terminal;
  private final Messages messages;
  private Terminal.@Nullable RawMode raw;
  private boolean left;

  RawTerminal(Terminal terminal, Messages messages) {
    this.terminal = terminal;
    this.messages = messages;
  }

  synchronized void enter() {
    if (!left) {
      raw = terminal.raw();
      messages.terminalIsRaw(true);
    }
  }

  /** For good. */
  synchronized void leave() {
    left = true;
    if (raw != null) {
      raw.close();
      raw = null;
      messages.terminalIsRaw(false);
    }
  }
}
