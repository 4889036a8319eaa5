package dev.orchard.crds.vm;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.orchard.crds.Conditions;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a VM is and what becomes of it. The operator writes {@code state}, {@code workerName} and
 * condition {@code Scheduled}; the controller the rest.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record VMStatus(
    @JsonPropertyDescription("The conditions in one word.") @Nullable VMState state,
    @JsonPropertyDescription("The worker that has it.") @Size(max = 63) @Nullable String workerName,
    @JsonPropertyDescription("Minted by the worker at every power-on. Absent unless it runs.")
        @Size(max = 128)
        @Nullable String bootID,
    @JsonPropertyDescription("The agent inside. Absent while none is connected.")
        @Nullable VMGuest guest,
    @JsonPropertyDescription(
            "By which the guest can be reached, as its agent says. Absent without a network.")
        @Size(max = 45)
        @Nullable String ip,
    @JsonPropertyDescription("Scheduled, Ready, AgentConnected.") @Size(max = 16)
        List<Condition> conditions) {
  /** Condition: a worker has been chosen. Operator. */
  public static final String SCHEDULED = "Scheduled";

  /** Condition: powered on, as its worker says. Its reason is one of the five below. Controller. */
  public static final String READY = "Ready";

  /** Condition: commands can run in it. Controller. */
  public static final String AGENT_CONNECTED = "AgentConnected";

  /** Reason of {@link #READY}. */
  public static final String REASON_RUNNING = "Running";

  /** Reason of {@link #READY}. */
  public static final String REASON_STARTING = "Starting";

  /** Reason of {@link #READY}. */
  public static final String REASON_STOPPED = "Stopped";

  /** Reason of {@link #READY}. */
  public static final String REASON_FAILED = "Failed";

  /** Reason of {@link #READY}: nothing of it is left on the worker. */
  public static final String REASON_GONE = "Gone";

  /** Nobody has written anything yet. */
  public static final VMStatus EMPTY = new VMStatus(null, null, null, null, null, List.of());

  public VMStatus {
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
  }

  public Optional<Condition> condition(String type) {
    return Conditions.find(conditions, type);
  }

  public boolean isTrue(String type) {
    return Conditions.isTrue(conditions, type);
  }

  public VMStatus withState(VMState state) {
    return new VMStatus(state, workerName, bootID, guest, ip, conditions);
  }

  public VMStatus withWorkerName(@Nullable String workerName) {
    return new VMStatus(state, workerName, bootID, guest, ip, conditions);
  }

  public VMStatus withBootID(@Nullable String bootID) {
    return new VMStatus(state, workerName, bootID, guest, ip, conditions);
  }

  public VMStatus withGuest(@Nullable VMGuest guest) {
    return new VMStatus(state, workerName, bootID, guest, ip, conditions);
  }

  public VMStatus withIp(@Nullable String ip) {
    return new VMStatus(state, workerName, bootID, guest, ip, conditions);
  }

  public VMStatus withCondition(Condition condition) {
    return new VMStatus(
        state, workerName, bootID, guest, ip, Conditions.with(conditions, condition));
  }
}
