package dev.orchard.operator.vmexec;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.DesiredState;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the operator does about a VMExec. */
sealed interface Judgement {
  /** For a contradiction between a binding and its VM: see {@link #contradiction}. */
  Duration REPORT_GRACE = Duration.ofSeconds(30);

  /** It gets this boot. */
  record Bind(Binding binding) implements Judgement {}

  /** It can never run, or nobody will ever say how it ended. */
  record End(VMExecExit exit) implements Judgement {}

  /** It waits to be bound: until then, or until something changes. */
  record Wait(String missing, Instant until) implements Judgement {}

  /** It is somebody else's affair, until then at least. */
  record Leave(Optional<Instant> until) implements Judgement {}

  /** Its time to live is over. */
  record Remove() implements Judgement {}

  /**
   * Judges.
   *
   * @param vm of the name that the spec says, if there is one
   * @param worker the one that the VMExec is bound to, or meant for, or else the VM's; if there is
   *     one
   */
  static Judgement of(VMExec exec, @Nullable VM vm, @Nullable Worker worker, Instant now) {
    VMExecStatus status = exec.statusOrEmpty();
    if (exec.getMetadata().getDeletionTimestamp() != null) {
      return new Leave(Optional.empty());
    }
    if (status.ended()) {
      return timeToLive(exec, status, now);
    }
    Binding bound = status.boundTo();
    return bound == null ? unbound(exec, vm, worker, now) : bound(exec, bound, vm, worker, now);
  }

  /** The name of the worker that matters to it. */
  static Optional<String> workerName(VMExec exec, @Nullable VM vm) {
    Binding bound = exec.statusOrEmpty().boundTo();
    if (bound != null) {
      return Optional.of(bound.workerName());
    }
    Binding target = exec.getSpec().target();
    if (target != null) {
      return Optional.of(target.workerName());
    }
    return Optional.ofNullable(vm).map(v -> v.statusOrEmpty().workerName());
  }

  private static Judgement timeToLive(VMExec exec, VMExecStatus status, Instant now) {
    Integer seconds = exec.getSpec().ttlSecondsAfterFinished();
    if (seconds == null) {
      return new Leave(Optional.empty());
    }
    Instant ended = status.completionTime() == null ? created(exec) : status.completionTime();
    Instant due = ended.plusSeconds(seconds);
    return now.isBefore(due) ? new Leave(Optional.of(due)) : new Remove();
  }

  private static Judgement unbound(
      VMExec exec, @Nullable VM vm, @Nullable Worker worker, Instant now) {
    VMExecSpec spec = exec.getSpec();
    Binding target = spec.target();
    if (target != null) {
      // The replica that took it has perhaps dispatched it: how it ends is its worker's to say.
      return lost(exec, target, vm, worker).orElse(new Bind(target));
    }
    if (spec.desiredState() == DesiredState.CANCELLED) {
      return end(VMExecExitReason.CANCELLED, "cancelled before it was bound to a VM");
    }
    Instant deadline = created(exec).plusSeconds(spec.startTimeoutSeconds());
    if (!now.isBefore(deadline)) {
      return end(
          VMExecExitReason.START_FAILED,
          "not started within "
              + spec.startTimeoutSeconds()
              + " s: "
              + missing(spec.vmName(), vm, worker).orElse("it was ready too late"));
    }
    Optional<String> missing = missing(spec.vmName(), vm, worker);
    if (missing.isPresent() || vm == null) {
      return new Wait(missing.orElse(""), deadline);
    }
    VMStatus ready = vm.statusOrEmpty();
    return ready.workerName() == null || ready.bootID() == null
        ? new Wait("its boot is not known yet", deadline)
        : new Bind(new Binding(vm.getMetadata().getUid(), ready.workerName(), ready.bootID()));
  }

  private static Judgement bound(
      VMExec exec, Binding bound, @Nullable VM vm, @Nullable Worker worker, Instant now) {
    Optional<Judgement> lost = lost(exec, bound, vm, worker);
    if (lost.isPresent() || vm == null) {
      return lost.orElse(new Leave(Optional.empty()));
    }
    Optional<String> contradiction = contradiction(bound, vm);
    if (contradiction.isEmpty()) {
      return new Leave(Optional.empty());
    }
    Instant believed =
        latest(
                exec.statusOrEmpty().condition(VMExecStatus.BOUND),
                vm.statusOrEmpty().condition(VMStatus.READY),
                created(exec))
            .plus(REPORT_GRACE);
    return now.isBefore(believed)
        ? new Leave(Optional.of(believed))
        : end(VMExecExitReason.LOST, contradiction.get());
  }

  /** What is certain at once, because the objects are gone: nobody can report any more. */
  private static Optional<Judgement> lost(
      VMExec exec, Binding binding, @Nullable VM vm, @Nullable Worker worker) {
    String name = exec.getMetadata().getNamespace() + "/" + exec.getSpec().vmName();
    if (vm == null) {
      return Optional.of(end(VMExecExitReason.LOST, "VM " + name + " was deleted"));
    }
    if (!vm.getMetadata().getUid().equals(binding.vmUID())) {
      return Optional.of(
          end(
              VMExecExitReason.LOST,
              "VM " + name + " was deleted; the one of that name now is another"));
    }
    if (worker == null) {
      return Optional.of(
          end(VMExecExitReason.LOST, "worker " + binding.workerName() + " was deleted"));
    }
    return Optional.empty();
  }

  /**
   * Whether the VM says that it runs elsewhere, or in another boot. That may be older than the
   * binding (a replica binds to a boot as soon as the worker has told it, and writes it into the VM
   * afterwards), and the worker knows the outcome better and reports it within moments. So it
   * counts only when it has stood for a while.
   */
  private static Optional<String> contradiction(Binding bound, VM vm) {
    VMStatus status = vm.statusOrEmpty();
    if (status.workerName() != null && !status.workerName().equals(bound.workerName())) {
      return Optional.of("the VM is on worker " + status.workerName() + " now");
    }
    if (status.bootID() != null && !status.bootID().equals(bound.bootID())) {
      return Optional.of("the VM has been restarted: its boot is " + status.bootID() + " now");
    }
    return Optional.empty();
  }

  private static Instant latest(
      Optional<Condition> bound, Optional<Condition> ready, Instant created) {
    Instant latest = created;
    for (Optional<Condition> condition : List.of(bound, ready)) {
      Instant changed =
          condition.map(Condition::getLastTransitionTime).map(Instant::parse).orElse(created);
      latest = changed.isAfter(latest) ? changed : latest;
    }
    return latest;
  }

  /** What a command for this VM still waits for. */
  private static Optional<String> missing(String name, @Nullable VM vm, @Nullable Worker worker) {
    if (vm == null) {
      return Optional.of("VM " + name + " does not exist; create it or correct spec.vmName");
    }
    if (vm.getMetadata().getDeletionTimestamp() != null) {
      return Optional.of("VM " + name + " is being deleted");
    }
    VMStatus status = vm.statusOrEmpty();
    if (status.workerName() == null) {
      return Optional.of(
          "VM " + name + " has no worker" + said(status.condition(VMStatus.SCHEDULED)));
    }
    if (worker == null || !worker.statusOrEmpty().ready()) {
      return Optional.of("worker " + status.workerName() + " of VM " + name + " is not ready");
    }
    if (!status.isTrue(VMStatus.READY)) {
      return Optional.of("VM " + name + " does not run" + said(status.condition(VMStatus.READY)));
    }
    if (!status.isTrue(VMStatus.AGENT_CONNECTED)) {
      return Optional.of(
          "the agent in VM "
              + name
              + " has not connected"
              + said(status.condition(VMStatus.AGENT_CONNECTED)));
    }
    return Optional.empty();
  }

  private static String said(Optional<Condition> condition) {
    return condition
        .map(c -> c.getMessage().isEmpty() ? " (" + c.getReason() + ")" : ": " + c.getMessage())
        .orElse("");
  }

  private static Judgement end(VMExecExitReason reason, String message) {
    return new End(VMExecExit.without(reason, message));
  }

  private static Instant created(VMExec exec) {
    return Instant.parse(exec.getMetadata().getCreationTimestamp());
  }
}
