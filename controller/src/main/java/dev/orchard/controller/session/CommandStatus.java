package dev.orchard.controller.session;

import dev.orchard.exec.frame.Frame;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Outcomes as Kubernetes' clients of pods/exec know them. */
final class CommandStatus {
  private static final String SUCCESS = "Success";
  private static final String NON_ZERO = "NonZeroExitCode";
  private static final String INTERNAL = "InternalError";
  private static final String TIMEOUT = "Timeout";

  /** By number from 1, as Linux counts them: guests are Linux. */
  private static final List<String> SIGNALS =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private CommandStatus() {}

  /**
   * An exit code where there is one, else a failure in our words: a success is code 0 of a command
   * that ended by itself, and nothing else.
   *
   * @param missing output that the client was not sent
   */
  static Status of(Frame.Exit exit, Frame.@Nullable Gap missing) {
    if (missing != null) {
      return failure(
          INTERNAL,
          500,
          "output is missing: the bytes from %d to before %d were no longer kept; the command: %s"
              .formatted(missing.from(), missing.to(), said(exit)));
    }
    return switch (exit.reason()) {
      case EXITED, SIGNALED, START_FAILED -> {
        Integer code = code(exit);
        if (code == null) {
          yield failure(INTERNAL, 500, said(exit));
        }
        yield code == 0 ? success() : nonZero(code, exit);
      }
      case TIMED_OUT, IDLE_TIMED_OUT -> failure(TIMEOUT, 504, said(exit));
      case CANCELLED, OUTPUT_LIMIT, LOST -> failure(INTERNAL, 500, said(exit));
    };
  }

  /** Of a stream that has failed: what became of the command is not known. */
  static Status of(Frame.Failure failure) {
    return unknown(failure.code().word() + ": " + failure.message());
  }

  /** Of a command whose outcome is not known. */
  static Status unknown(String why) {
    return failure(INTERNAL, 500, "the command's outcome is unknown: " + why);
  }

  private static @Nullable Integer code(Frame.Exit exit) {
    int signal = exit.signal() == null ? 0 : SIGNALS.indexOf(exit.signal()) + 1;
    return signal == 0 ? exit.code() : Integer.valueOf(128 + signal);
  }

  private static Status success() {
    return new StatusBuilder().withNewMetadata().endMetadata().withStatus(SUCCESS).build();
  }

  private static Status nonZero(int code, Frame.Exit exit) {
    return new StatusBuilder()
        .withNewMetadata()
        .endMetadata()
        .withStatus("Failure")
        .withReason(NON_ZERO)
        .withMessage(
            "command terminated with non-zero exit code: %d%s"
                .formatted(code, exit.message() == null ? "" : ": " + exit.message()))
        .withNewDetails()
        .addNewCause(null, Integer.toString(code), "ExitCode")
        .endDetails()
        .build();
  }

  private static Status failure(String reason, int httpCode, String message) {
    return new StatusBuilder()
        .withNewMetadata()
        .endMetadata()
        .withStatus("Failure")
        .withReason(reason)
        .withCode(httpCode)
        .withMessage(message)
        .build();
  }

  private static String said(Frame.Exit exit) {
    return exit.reason().word()
        + (exit.code() == null ? "" : " with code " + exit.code())
        + (exit.signal() == null ? "" : " by signal " + exit.signal())
        + (exit.message() == null ? "" : ": " + exit.message());
  }
}
