package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.OutputStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Sessions as the HTTP API shows them. */
final class ObjectJson {
  private ObjectJson() {}

  /**
   * @param attachments how many read and write it now, where that is known
   */
  static ObjectNode session(VMExec exec, OptionalInt attachments) {
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
    attachments.ifPresent(count -> json.put("attachments", count));
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
