package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.orchard.crds.Conditions;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became of a VMExec. The operator writes {@code boundTo} with condition {@code Bound}, and
 * the end of what never started or is lost; the controller all that the worker reports.
 *
 * <p>The copies below only ever go forward, as the API server demands: an ended one absorbs
 * everything, and a late report of an earlier state changes nothing.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "!has(oldSelf.state) || has(self.state) && (self.state == oldSelf.state || "
            + VMExecStatus.RANKS
            + "[self.state] > "
            + VMExecStatus.RANKS
            + "[oldSelf.state])",
    message = "status.state only goes forward, and the first end stands",
    fieldPath = ".state")
@ValidationRule(
    value = "!has(oldSelf.boundTo) || has(self.boundTo) && self.boundTo == oldSelf.boundTo",
    message = "status.boundTo never changes",
    fieldPath = ".boundTo")
@ValidationRule(
    value = "!has(oldSelf.exit) || has(self.exit) && self.exit == oldSelf.exit",
    message = "status.exit never changes: the first end stands",
    fieldPath = ".exit")
@ValidationRule(
    value =
        "has(self.exit) == (has(self.state)"
            + " && self.state in ['Succeeded', 'Failed', 'Cancelled', 'Lost'])",
    message = "status.exit is there exactly when status.state says that it has ended",
    fieldPath = ".exit")
public record VMExecStatus(
    @JsonPropertyDescription("The conditions in one word.") @Nullable VMExecState state,
    @JsonPropertyDescription("The one boot of the one VM in which it may run.")
        @Nullable Binding boundTo,
    @JsonPropertyDescription("When the process started.")
        @JsonFormat(shape = JsonFormat.Shape.STRING)
        @Nullable Instant startTime,
    @JsonPropertyDescription("When it ended.") @JsonFormat(shape = JsonFormat.Shape.STRING)
        @Nullable Instant completionTime,
    @JsonPropertyDescription("How it ended.") @Nullable VMExecExit exit,
    @JsonPropertyDescription("What it printed.") @Nullable OutputStatus output,
    @JsonPropertyDescription("The command in one line, for people.") @Size(max = 128)
        @Nullable String commandSummary,
    @JsonPropertyDescription("The exit in one word, for people.") @Size(max = 64)
        @Nullable String exitSummary,
    @JsonPropertyDescription("Bound, Started, Finished, Succeeded.") @Size(max = 16)
        List<Condition> conditions) {
  static final String RANKS =
      "{'Pending': 0, 'Bound': 1, 'Starting': 2, 'Running': 3,"
          + " 'Succeeded': 4, 'Failed': 4, 'Cancelled': 4, 'Lost': 4}";

  /** Condition: it has been bound. */
  public static final String BOUND = "Bound";

  /** Condition: its process has started; stays True when it has ended. */
  public static final String STARTED = "Started";

  /** Condition: it has ended, well or not. The one to wait for. */
  public static final String FINISHED = "Finished";

  /** Condition: it has ended with code 0. Not there before the end. */
  public static final String SUCCEEDED = "Succeeded";

  /** Nobody has written anything yet. */
  public static final VMExecStatus EMPTY =
      new VMExecStatus(null, null, null, null, null, null, null, null, List.of());

  public VMExecStatus {
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
  }

  public VMExecState stateOrPending() {
    return state == null ? VMExecState.PENDING : state;
  }

  /** Whether nothing can change any more. */
  public boolean ended() {
    return stateOrPending().isTerminal();
  }

  public Optional<Condition> condition(String type) {
    return Conditions.find(conditions, type);
  }

  public boolean isTrue(String type) {
    return Conditions.isTrue(conditions, type);
  }

  /** Pending, with the command in one line: what the first writer of a status starts from. */
  public VMExecStatus described(List<String> command) {
    return new VMExecStatus(
        stateOrPending(),
        boundTo,
        startTime,
        completionTime,
        exit,
        output,
        commandSummary == null ? CommandSummary.of(command) : commandSummary,
        exitSummary,
        conditions);
  }

  /** Bound, unless it is already. */
  public VMExecStatus bound(Binding binding, Instant now) {
    if (ended() || boundTo != null) {
      return this;
    }
    String message = "worker " + binding.workerName() + ", boot " + binding.bootID();
    return new VMExecStatus(
            state,
            binding,
            startTime,
            completionTime,
            exit,
            output,
            commandSummary,
            exitSummary,
            conditions)
        .forward(VMExecState.BOUND)
        .withCondition(Conditions.of(BOUND, Conditions.TRUE, BOUND, message, now));
  }

  /** Its worker has it. */
  public VMExecStatus starting() {
    return forward(VMExecState.STARTING);
  }

  /** Its process runs since then. */
  public VMExecStatus running(Instant since, Instant now) {
    if (ended() || isTrue(STARTED)) {
      return this;
    }
    return new VMExecStatus(
            state,
            boundTo,
            since,
            completionTime,
            exit,
            output,
            commandSummary,
            exitSummary,
            conditions)
        .forward(VMExecState.RUNNING)
        .withCondition(Conditions.of(STARTED, Conditions.TRUE, STARTED, "", now));
  }

  /** Ended so. The first end stands. */
  public VMExecStatus finished(
      VMExecExit exit, @Nullable OutputStatus output, Instant at, Instant now) {
    if (ended()) {
      return this;
    }
    VMExecState end = exit.state();
    String reason = exit.reason().word();
    String message = exit.message() == null ? "" : exit.message();
    VMExecStatus ended =
        new VMExecStatus(
                end,
                boundTo,
                startTime,
                at,
                exit,
                output,
                commandSummary,
                exit.summary(),
                conditions)
            .withCondition(Conditions.of(FINISHED, Conditions.TRUE, reason, message, now))
            .withCondition(
                Conditions.of(
                    SUCCEEDED,
                    end == VMExecState.SUCCEEDED ? Conditions.TRUE : Conditions.FALSE,
                    reason,
                    message,
                    now));
    return startTime != null
        ? ended
        : ended.withCondition(Conditions.of(STARTED, Conditions.FALSE, reason, message, now));
  }

  public VMExecStatus withCondition(Condition condition) {
    return new VMExecStatus(
        state,
        boundTo,
        startTime,
        completionTime,
        exit,
        output,
        commandSummary,
        exitSummary,
        Conditions.with(conditions, condition));
  }

  private VMExecStatus forward(VMExecState next) {
    if (!next.mayFollow(stateOrPending())) {
      return this;
    }
    return new VMExecStatus(
        next,
        boundTo,
        startTime,
        completionTime,
        exit,
        output,
        commandSummary,
        exitSummary,
        conditions);
  }
}
