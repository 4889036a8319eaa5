package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to run, where and for how long. Never changes but for {@code desiredState}. The defaults of
 * the schema are those of this record too, for a cluster that does not default.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "self.vmName == oldSelf.vmName && self.command == oldSelf.command && self.stdin =="
            + " oldSelf.stdin && self.disconnectPolicy == oldSelf.disconnectPolicy &&"
            + " self.startTimeoutSeconds == oldSelf.startTimeoutSeconds && self.timeoutSeconds =="
            + " oldSelf.timeoutSeconds && self.idleTimeoutSeconds == oldSelf.idleTimeoutSeconds &&"
            + " self.terminationGracePeriodSeconds == oldSelf.terminationGracePeriodSeconds &&"
            + " self.output == oldSelf.output && has(self.target) == has(oldSelf.target) &&"
            + " (!has(self.target) || self.target == oldSelf.target) && has(self.env) =="
            + " has(oldSelf.env) && (!has(self.env) || self.env == oldSelf.env) &&"
            + " has(self.workingDir) == has(oldSelf.workingDir) && (!has(self.workingDir) ||"
            + " self.workingDir == oldSelf.workingDir) && has(self.user) == has(oldSelf.user) &&"
            + " (!has(self.user) || self.user == oldSelf.user) && has(self.tty) == has(oldSelf.tty)"
            + " && (!has(self.tty) || self.tty == oldSelf.tty) && has(self.ttlSecondsAfterFinished)"
            + " == has(oldSelf.ttlSecondsAfterFinished) && (!has(self.ttlSecondsAfterFinished) ||"
            + " self.ttlSecondsAfterFinished == oldSelf.ttlSecondsAfterFinished) &&"
            + " has(self.requestedBy) == has(oldSelf.requestedBy) && (!has(self.requestedBy) ||"
            + " self.requestedBy == oldSelf.requestedBy)",
    message = "only desiredState of a VMExec may change; for another command, create another one")
@ValidationRule(
    value = "self.desiredState == oldSelf.desiredState || self.desiredState == 'Cancelled'",
    message = "a cancelled VMExec stays cancelled; create another one",
    fieldPath = ".desiredState")
@ValidationRule(
    value =
        "self.command.map(c, size(c)).sum()"
            + " + (has(self.env) ? self.env.map(e, size(e.name) + size(e.value)).sum() : 0)"
            + " <= 131072",
    message = "command and env together must not be longer than 131072 characters")
public record VMExecSpec(
    @JsonPropertyDescription("The VM, in this namespace.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
        String vmName,
    @JsonPropertyDescription(
            "The only boot of the VM in which it may run. If absent, the one that runs when a"
                + " worker can take it.")
        @Nullable Binding target,
    @JsonPropertyDescription("Program and arguments. No shell looks at them.")
        @Required
        @Size(min = 1, max = 256)
        List<@Size(max = 131072) @Pattern("^[^\\x00]*$") String> command,
    @JsonPropertyDescription("Environment, beside what the guest gives to everybody.")
        @Size(max = 256)
        List<EnvVar> env,
    @JsonPropertyDescription("Absolute path. The agent's own if absent.")
        @Size(max = 4096)
        @Pattern("^/[^\\x00]*$")
        @Nullable String workingDir,
    @JsonPropertyDescription("User name in the guest. The agent's own if absent.")
        @Size(min = 1, max = 256)
        @Pattern("^[^\\x00:]*$")
        @Nullable String user,
    @JsonPropertyDescription("Standard input.") @Default("{\"type\": \"None\"}") Stdin stdin,
    @JsonPropertyDescription("Run it on a terminal of this size: stdout and stderr are one then.")
        @Nullable Tty tty,
    @JsonPropertyDescription(
            "When its foreground reader has gone: Terminate cancels it 60 s later, Detach lets it"
                + " run on.")
        @Default("Detach")
        DisconnectPolicy disconnectPolicy,
    @JsonPropertyDescription("Seconds from creation within which the process must have started.")
        @Default("" + VMExecSpec.DEFAULT_START_TIMEOUT_SECONDS)
        @Min(1)
        @Max(86400)
        Integer startTimeoutSeconds,
    @JsonPropertyDescription("Seconds that it may run. 0: for ever.")
        @Default("" + VMExecSpec.DEFAULT_TIMEOUT_SECONDS)
        @Min(0)
        @Max(31536000)
        Integer timeoutSeconds,
    @JsonPropertyDescription("Seconds without a byte in or out after which it is ended. 0: none.")
        @Default("0")
        @Min(0)
        @Max(31536000)
        Integer idleTimeoutSeconds,
    @JsonPropertyDescription("Seconds between SIGTERM and SIGKILL.")
        @Default("" + VMExecSpec.DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS)
        @Min(0)
        @Max(3600)
        Integer terminationGracePeriodSeconds,
    @JsonPropertyDescription("How much output is kept.")
        @Default("{\"limit\": 67108864, \"onLimit\": \"DropOldest\", \"tailBytes\": 0}")
        OutputSpec output,
    @JsonPropertyDescription("Seconds from the end until the object is deleted. Never if absent.")
        @Min(0)
        @Max(31536000)
        @Nullable Integer ttlSecondsAfterFinished,
    @JsonPropertyDescription("Name of the user who asked for it, where a controller vouches.")
        @Size(min = 1, max = 512)
        @Nullable String requestedBy,
    @JsonPropertyDescription("Cancelled ends it, for good.") @Default("Running")
        DesiredState desiredState) {
  public static final int DEFAULT_START_TIMEOUT_SECONDS = 60;

  /** A day. */
  public static final int DEFAULT_TIMEOUT_SECONDS = 86400;

  public static final int DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS = 10;

  public VMExecSpec {
    command = command == null ? List.of() : List.copyOf(command);
    env = env == null ? List.of() : List.copyOf(env);
    stdin = stdin == null ? Stdin.NONE : stdin;
    disconnectPolicy = disconnectPolicy == null ? DisconnectPolicy.DETACH : disconnectPolicy;
    startTimeoutSeconds =
        startTimeoutSeconds == null ? DEFAULT_START_TIMEOUT_SECONDS : startTimeoutSeconds;
    timeoutSeconds = timeoutSeconds == null ? DEFAULT_TIMEOUT_SECONDS : timeoutSeconds;
    idleTimeoutSeconds = idleTimeoutSeconds == null ? 0 : idleTimeoutSeconds;
    terminationGracePeriodSeconds =
        terminationGracePeriodSeconds == null
            ? DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS
            : terminationGracePeriodSeconds;
    output = output == null ? OutputSpec.DEFAULT : output;
    desiredState = desiredState == null ? DesiredState.RUNNING : desiredState;
  }

  /** One with defaults for all that is not set. */
  public static VMExecSpecBuilder of(String vmName, List<String> command) {
    return new VMExecSpecBuilder(vmName, command);
  }

  /** A copy that asks for the end. */
  public VMExecSpec cancelled() {
    return new VMExecSpec(
        vmName,
        target,
        command,
        env,
        workingDir,
        user,
        stdin,
        tty,
        disconnectPolicy,
        startTimeoutSeconds,
        timeoutSeconds,
        idleTimeoutSeconds,
        terminationGracePeriodSeconds,
        output,
        ttlSecondsAfterFinished,
        requestedBy,
        DesiredState.CANCELLED);
  }
}
