package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How a VMExec ended. The first one stands for ever. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record VMExecExit(
    @JsonPropertyDescription("Exit status. Absent after death by signal and without a process.")
        @Min(0)
        @Max(255)
        @Nullable Integer code,
    @JsonPropertyDescription("Name without SIG, like KILL. Absent unless a signal ended it.")
        @Size(max = 32)
        @Nullable String signal,
    @JsonPropertyDescription("Why it ended.") @Required VMExecExitReason reason,
    @JsonPropertyDescription(
            "A background child held the pipes open: it may have written more than was kept.")
        boolean outputIncomplete,
    @JsonPropertyDescription("Why it did not start or is lost, for people.") @Size(max = 1024)
        @Nullable String message) {
  private static final int MAX_MESSAGE = 1024;

  public VMExecExit {
    message = message == null ? null : CommandSummary.cut(message, MAX_MESSAGE);
  }

  /** An end without any process, or without any knowledge of it. */
  public static VMExecExit without(VMExecExitReason reason, String message) {
    return new VMExecExit(null, null, reason, false, message);
  }

  /** The state that such an end leads to. */
  public VMExecState state() {
    return switch (reason) {
      case CANCELLED -> VMExecState.CANCELLED;
      case LOST -> VMExecState.LOST;
      case EXITED -> Objects.equals(code, 0) ? VMExecState.SUCCEEDED : VMExecState.FAILED;
      case SIGNALED, TIMED_OUT, IDLE_TIMED_OUT, OUTPUT_LIMIT, START_FAILED -> VMExecState.FAILED;
    };
  }

  /** The column EXIT: the code, SIGNAME, or the reason's word. */
  public String summary() {
    return switch (reason) {
      case EXITED -> String.valueOf(code);
      case SIGNALED -> "SIG" + signal;
      case TIMED_OUT, IDLE_TIMED_OUT, CANCELLED, OUTPUT_LIMIT, START_FAILED, LOST -> reason.word();
    };
  }
}
