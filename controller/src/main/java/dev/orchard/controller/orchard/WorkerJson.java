package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerStatus;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Workers in Orchard's shape. */
final class WorkerJson {
  private WorkerJson() {}

  static ObjectNode of(Worker worker, Map<String, String> lastSeen) {
    WorkerStatus status = worker.statusOrEmpty();
    ObjectNode json =
        JsonBody.JSON
            .createObjectNode()
            .put("name", worker.getMetadata().getName())
            .put("createdAt", worker.getMetadata().getCreationTimestamp())
            .put("last_seen", lastSeen.getOrDefault(worker.getMetadata().getName(), VmJson.NEVER))
            .put("scheduling_paused", worker.specOrDefault().unschedulable())
            .put("defaultCPU", VMSpec.DEFAULT_CPU)
            .put("defaultMemory", VMSpec.DEFAULT_MEMORY_MIB);
    Map<String, String> labels = worker.getMetadata().getLabels();
    if (labels != null && !labels.isEmpty()) {
      ObjectNode object = json.putObject("labels");
      labels.forEach(object::put);
    }
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
    json.putArray("conditions")
        .addObject()
        .put("type", "ready")
        .put("state", Boolean.toString(status.ready()));
    return json;
  }

  private static void put(ObjectNode json, String field, @Nullable String text) {
    if (text != null && !text.isEmpty()) {
      json.put(field, text);
    }
  }
}
