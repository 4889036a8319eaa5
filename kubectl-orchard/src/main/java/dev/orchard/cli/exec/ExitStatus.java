package dev.orchard.cli.exec;

import dev.orchard.cli.message.ExitCodes;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the CLI makes of an outcome.
 *
 * @param code to exit with
 * @param message for stderr; absent where the command has spoken for itself
 */
record ExitStatus(int code, Optional<String> message) {
  /** By number from 1, as Linux counts them: guests are Linux. */
  private static final List<String> SIGNALS =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  /**
   * Of a session.
   *
   * @param session as the CLI takes it: where the outcome is unknown it can be looked at again
   */
  static ExitStatus of(Outcome outcome, String session) {
    return switch (outcome) {
      case Outcome.Known(Frame.Exit exit) -> of(exit);
      case Outcome.Unknown(String why) ->
          new ExitStatus(
              ExitCodes.UNKNOWN,
              Optional.of(
                  "the outcome is unknown: %s; to look again: kubectl orchard attach %s"
                      .formatted(why, session)));
    };
  }

  private static ExitStatus of(Frame.Exit exit) {
    return switch (exit.reason()) {
      case EXITED -> new ExitStatus(processCode(exit), incomplete(exit));
      case SIGNALED ->
          new ExitStatus(
              processCode(exit), said("the command was killed by signal", exit.signal()));
      case TIMED_OUT -> new ExitStatus(ExitCodes.TIMED_OUT, said("timed out", exit.message()));
      case IDLE_TIMED_OUT ->
          new ExitStatus(ExitCodes.TIMED_OUT, said("idle for too long", exit.message()));
      case CANCELLED -> new ExitStatus(endedCode(exit), said("cancelled", exit.message()));
      case OUTPUT_LIMIT ->
          new ExitStatus(endedCode(exit), said("ended for its output", exit.message()));
      case START_FAILED ->
          new ExitStatus(processCode(exit), said("the command did not start", exit.message()));
      case LOST -> new ExitStatus(ExitCodes.UNKNOWN, said("the command is lost", exit.message()));
    };
  }

  private static Optional<String> said(String what, @Nullable String details) {
    return Optional.of(details == null ? what : what + ": " + details);
  }

  private static Optional<String> incomplete(Frame.Exit exit) {
    return exit.outputIncomplete()
        ? Optional.of("a background process kept the output open: it may have written more")
        : Optional.empty();
  }

  private static int processCode(Frame.Exit exit) {
    Integer code = exit.code();
    if (code != null) {
      return code;
    }
    int signal = exit.signal() == null ? -1 : SIGNALS.indexOf(exit.signal());
    return signal < 0 ? ExitCodes.UNKNOWN : ExitCodes.SIGNAL_BASE + 1 + signal;
  }

  /** A command that was ended from outside has not succeeded, though it may end with 0. */
  private static int endedCode(Frame.Exit exit) {
    int code = processCode(exit);
    return code == ExitCodes.OK ? ExitCodes.UNKNOWN : code;
  }
}
