package dev.orchard.crds.vmexec;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what a {@link VMExecSpec} has besides VM and command. */
public final class VMExecSpecBuilder {
  private final String vmName;
  private final List<String> command;
  private @Nullable Binding target;
  private List<EnvVar> env = List.of();
  private @Nullable String workingDir;
  private @Nullable String user;
  private Stdin stdin = Stdin.NONE;
  private @Nullable Tty tty;
  private DisconnectPolicy disconnectPolicy = DisconnectPolicy.DETACH;
  private int startTimeoutSeconds = VMExecSpec.DEFAULT_START_TIMEOUT_SECONDS;
  private int timeoutSeconds = VMExecSpec.DEFAULT_TIMEOUT_SECONDS;
  private int idleTimeoutSeconds;
  private int terminationGracePeriodSeconds = VMExecSpec.DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS;
  private OutputSpec output = OutputSpec.DEFAULT;
  private @Nullable Integer ttlSecondsAfterFinished;
  private @Nullable String requestedBy;

  VMExecSpecBuilder(String vmName, List<String> command) {
    this.vmName = vmName;
    this.command = command;
  }

  public VMExecSpecBuilder target(@Nullable Binding target) {
    this.target = target;
    return this;
  }

  public VMExecSpecBuilder env(List<EnvVar> env) {
    this.env = env;
    return this;
  }

  public VMExecSpecBuilder workingDir(@Nullable String workingDir) {
    this.workingDir = workingDir;
    return this;
  }

  public VMExecSpecBuilder user(@Nullable String user) {
    this.user = user;
    return this;
  }

  public VMExecSpecBuilder stdin(Stdin stdin) {
    this.stdin = stdin;
    return this;
  }

  public VMExecSpecBuilder tty(@Nullable Tty tty) {
    this.tty = tty;
    return this;
  }

  public VMExecSpecBuilder disconnectPolicy(DisconnectPolicy disconnectPolicy) {
    this.disconnectPolicy = disconnectPolicy;
    return this;
  }

  public VMExecSpecBuilder startTimeoutSeconds(int seconds) {
    this.startTimeoutSeconds = seconds;
    return this;
  }

  /** 0 for none. */
  public VMExecSpecBuilder timeoutSeconds(int seconds) {
    this.timeoutSeconds = seconds;
    return this;
  }

  /** 0 for none. */
  public VMExecSpecBuilder idleTimeoutSeconds(int seconds) {
    this.idleTimeoutSeconds = seconds;
    return this;
  }

  public VMExecSpecBuilder terminationGracePeriodSeconds(int seconds) {
    this.terminationGracePeriodSeconds = seconds;
    return this;
  }

  public VMExecSpecBuilder output(OutputSpec output) {
    this.output = output;
    return this;
  }

  public VMExecSpecBuilder ttlSecondsAfterFinished(@Nullable Integer seconds) {
    this.ttlSecondsAfterFinished = seconds;
    return this;
  }

  public VMExecSpecBuilder requestedBy(@Nullable String requestedBy) {
    this.requestedBy = requestedBy;
    return this;
  }

  public VMExecSpec build() {
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
        DesiredState.RUNNING);
  }
}
