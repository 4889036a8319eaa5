package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.OutputStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerStatus;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Objects as the HTTP API shows them: VMs and workers in Orchard's shape, sessions in ours. */
final class ObjectJson {
  private ObjectJson() {}

  static ObjectNode vm(VM vm) {
    VMSpec spec = vm.getSpec();
    VMStatus status = vm.statusOrEmpty();
    ObjectNode json =
        JsonBody.JSON
            .createObjectNode()
            .put("name", vm.getMetadata().getName())
            .put("namespace", vm.getMetadata().getNamespace())
            .put("uid", vm.getMetadata().getUid())
            .put("createdAt", vm.getMetadata().getCreationTimestamp())
            .put("image", spec.image())
            .put("cpu", spec.cpu())
            .put("memory", spec.memoryMib())
            .put("powerState", spec.powerState().word().toLowerCase(Locale.ROOT));
    Optional<Condition> ready = status.condition(VMStatus.READY);
    String reason = ready.map(Condition::getReason).orElse("");
    put(json, "runtime", spec.runtime());
    put(json, "worker", status.workerName());
    json.put(
        "status",
        switch (reason) {
          case VMStatus.REASON_FAILED -> "failed";
          case VMStatus.REASON_RUNNING -> "running";
          default -> "pending";
        });
    put(json, "status_message", ready.map(Condition::getMessage).orElse(""));
    ArrayNode conditions = json.putArray("conditions");
    condition(conditions, "scheduled", status.isTrue(VMStatus.SCHEDULED));
    condition(conditions, "running", status.isTrue(VMStatus.READY));
    condition(conditions, "agent-connected", status.isTrue(VMStatus.AGENT_CONNECTED));
    return json;
  }

  private static void condition(ArrayNode conditions, String type, boolean state) {
    conditions.addObject().put("type", type).put("state", Boolean.toString(state));
  }

  static ObjectNode worker(Worker worker) {
    WorkerStatus status = worker.statusOrEmpty();
    ObjectNode json =
        JsonBody.JSON
            .createObjectNode()
            .put("name", worker.getMetadata().getName())
            .put("createdAt", worker.getMetadata().getCreationTimestamp())
            .put("scheduling_paused", worker.specOrDefault().unschedulable());
    put(json, "os", status.os());
    put(json, "arch", status.arch());
    put(json, "version", status.version());
    if (!status.runtimes().isEmpty()) {
      json.put("runtime", status.runtimes().getFirst());
    }
    ArrayNode runtimes = json.putArray("runtimes");
    status.runtimes().forEach(runtimes::add);
    ArrayNode capabilities = json.putArray("capabilities");
    status.capabilities().forEach(capabilities::add);
    if (status.capacity() != null) {
      json.putObject("resources")
          .put("org.cirruslabs.logical-cores", status.capacity().cpu())
          .put("org.cirruslabs.memory-mib", status.capacity().memoryMib());
    }
    condition(
        json.putArray("conditions"),
        "ready",
        status.conditions().stream()
            .anyMatch(c -> WorkerStatus.READY.equals(c.getType()) && "True".equals(c.getStatus())));
    return json;
  }

  static ObjectNode session(VMExec exec) {
    VMExecSpec spec = exec.getSpec();
    VMExecStatus status = exec.statusOrEmpty();
    ObjectNode json =
        JsonBody.JSON
            .createObjectNode()
            .put("session", exec.getMetadata().getName())
            .put("vm", spec.vmName())
            .put("namespace", exec.getMetadata().getNamespace())
            .put("uid", exec.getMetadata().getUid())
            .put("state", status.stateOrPending().word())
            .put("createdAt", exec.getMetadata().getCreationTimestamp());
    ArrayNode command = json.putArray("command");
    spec.command().forEach(command::add);
    json.put("tty", spec.tty() != null);
    json.put("stdin", spec.stdin().type().word());
    json.put("disconnectPolicy", spec.disconnectPolicy().word());
    put(json, "requestedBy", spec.requestedBy());
    Binding bound = status.boundTo() == null ? spec.target() : status.boundTo();
    if (bound != null) {
      json.put("worker", bound.workerName()).put("bootID", bound.bootID());
    }
    if (status.startTime() != null) {
      json.put("startedAt", status.startTime().toString());
    }
    if (status.completionTime() != null) {
      json.put("completedAt", status.completionTime().toString());
      if (status.startTime() != null) {
        json.put(
            "durationMs", Duration.between(status.startTime(), status.completionTime()).toMillis());
      }
    }
    outcome(json, status.exit(), status.output());
    return json;
  }

  private static void outcome(
      ObjectNode json, @Nullable VMExecExit exit, @Nullable OutputStatus output) {
    if (output != null) {
      json.put("stdoutBytes", output.stdoutBytes())
          .put("stderrBytes", output.stderrBytes())
          .put("firstAvailableOffset", output.firstAvailableOffset());
    }
    if (exit != null) {
      ObjectNode end = json.putObject("exit").put("reason", exit.reason().word());
      if (exit.code() != null) {
        end.put("code", exit.code());
      }
      put(end, "signal", exit.signal());
      put(end, "message", exit.message());
      end.put("outputIncomplete", exit.outputIncomplete());
    }
  }

  private static void put(ObjectNode json, String field, @Nullable String text) {
    if (text != null && !text.isEmpty()) {
      json.put(field, text);
    }
  }
}
