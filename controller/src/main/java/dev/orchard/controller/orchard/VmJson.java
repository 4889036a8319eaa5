package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** VMs in Orchard's shape. */
final class VmJson {
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

  private static void put(ObjectNode json, String field, @Nullable String text) {
    if (text != null && !text.isEmpty()) {
      json.put(field, text);
    }
  }
}
