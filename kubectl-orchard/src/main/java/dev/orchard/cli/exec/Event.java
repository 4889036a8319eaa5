package dev.orchard.cli.exec;

import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.exec.session.Outcome;

/** What a run's owner is told. */
sealed interface Event {
  /** What is read from standard input has a place to go now. */
  record Ready() implements Event {}

  /** An escape key that is not for the command. */
  record Escaped(EscapeKeys.Key key) implements Event {}

  record Signalled(LocalSignal signal) implements Event {}

  /** Ctrl-C was typed where it cannot be sent. */
  record Interrupted() implements Event {}

  /** A local stream failed: the run has lost what it was started for. */
  record LocalFailed(String why) implements Event {}

  /** All that there is for now has come, as it was asked for. */
  record CaughtUp() implements Event {}

  /** Everything that was to be written is. */
  record Ended(Outcome outcome) implements Event {}
}
