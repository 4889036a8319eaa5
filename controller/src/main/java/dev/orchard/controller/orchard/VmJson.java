package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.worker.Worker;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** VMs in Orchard's shape: what is empty is left out, but for times and generations. */
final class VmJson {
  /** Go's zero time. */
  static final String NEVER = "0001-01-01T00:00:00Z";

  private VmJson() {}

  static ObjectNode of(VM vm) {
    VMSpec spec = vm.getSpec();
    VMStatus status = vm.statusOrEmpty();
    ObjectNode json =
        JsonBody.JSON
            .createObjectNode()
            .put("name", vm.getMetadata().getName())
            .put("namespace", vm.getMetadata().getNamespace())
            .put("uid", vm.getMetadata().getUid())
            .put("image", spec.image())
            .put("cpu", spec.cpu())
            .put("memory", spec.memoryMib());
    Map<String, String> labels = new HashMap<>(spec.workerSelector());
    put(json, "os", labels.remove(Worker.OS_LABEL));
    put(json, "arch", labels.remove(Worker.ARCH_LABEL));
    put(json, "runtime", spec.runtime());
    put(json, "username", user(vm));
    if (!labels.isEmpty()) {
      ObjectNode object = json.putObject("labels");
      labels.forEach(object::put);
    }
    json.put("headless", true);
    json.put("powerState", spec.powerState().word().toLowerCase(Locale.ROOT));
    Optional<Condition> ready = status.condition(VMStatus.READY);
    json.put(
        "status",
        switch (reason(ready)) {
          case VMStatus.REASON_FAILED -> "failed";
          case VMStatus.REASON_RUNNING -> "running";
          default -> "pending";
        });
    put(json, "status_message", message(status));
    if (status.workerName() != null) {
      json.put("worker", status.workerName())
          .put("assignedCPU", spec.cpu())
          .put("assignedMemory", spec.memoryMib());
    }
    ArrayNode conditions = json.putArray("conditions");
    condition(conditions, "scheduled", status.isTrue(VMStatus.SCHEDULED));
    condition(conditions, "running", status.isTrue(VMStatus.READY));
    condition(conditions, "agent-connected", status.isTrue(VMStatus.AGENT_CONNECTED));
    generations(json, vm, reason(ready));
    json.put("createdAt", vm.getMetadata().getCreationTimestamp())
        .put("scheduled_at", since(status, VMStatus.SCHEDULED))
        .put("started_at", since(status, VMStatus.READY))
        .put("restarted_at", NEVER);
    return json;
  }

  /** What Orchard sends of a VM that is no more. */
  static ObjectNode none() {
    ObjectNode json = JsonBody.JSON.createObjectNode().put("generation", 0);
    return json.put("observedGeneration", 0)
        .put("createdAt", NEVER)
        .put("scheduled_at", NEVER)
        .put("started_at", NEVER)
        .put("restarted_at", NEVER);
  }

  static boolean hasFailed(VM vm) {
    return reason(vm.statusOrEmpty().condition(VMStatus.READY)).equals(VMStatus.REASON_FAILED);
  }

  /** Whose commands over Orchard's WebSocket are. */
  static @Nullable String user(VM vm) {
    Map<String, String> annotations = vm.getMetadata().getAnnotations();
    return annotations == null ? null : annotations.get(VmBody.USER_ANNOTATION);
  }

  private static String reason(Optional<Condition> condition) {
    return condition.map(Condition::getReason).orElse("");
  }

  /** Why it is not there yet, or has failed. */
  private static @Nullable String message(VMStatus status) {
    return status
        .condition(status.workerName() == null ? VMStatus.SCHEDULED : VMStatus.READY)
        .map(Condition::getMessage)
        .orElse(null);
  }

  /** Observed is what it was asked for once it is in the power state that it shall have. */
  private static void generations(ObjectNode json, VM vm, String reason) {
    Long generation = Optional.ofNullable(vm.getMetadata().getGeneration()).orElse(0L);
    String wanted =
        switch (vm.getSpec().powerState()) {
          case PowerState.RUNNING -> VMStatus.REASON_RUNNING;
          case PowerState.STOPPED -> VMStatus.REASON_STOPPED;
        };
    json.put("generation", generation)
        .put(
            "observedGeneration", reason.equals(wanted) ? generation : Math.max(0, generation - 1));
    String version = vm.getMetadata().getResourceVersion();
    if (version != null && version.matches("\\d{1,18}")) {
      json.put("version", Long.parseLong(version));
    }
  }

  private static String since(VMStatus status, String type) {
    return status.isTrue(type)
        ? status.condition(type).map(Condition::getLastTransitionTime).orElse(NEVER)
        : NEVER;
  }

  private static void condition(ArrayNode conditions, String type, boolean state) {
    conditions.addObject().put("type", type).put("state", Boolean.toString(state));
  }

  private static void put(ObjectNode json, String field, @Nullable String text) {
    if (text != null && !text.isEmpty()) {
      json.put(field, text);
    }
  }
}
