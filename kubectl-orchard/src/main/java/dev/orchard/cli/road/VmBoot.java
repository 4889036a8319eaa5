package dev.orchard.cli.road;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;

/** Whether commands can run in a VM, by its object. */
sealed interface VmBoot {
  /** How soon to look again. */
  Duration POLL = Duration.ofMillis(500);

  /**
   * They can.
   *
   * @param target a VMExec's, for the boot that runs now
   */
  record Ready(JsonNode target) implements VmBoot {}

  /**
   * They cannot.
   *
   * @param status as a controller would answer: 408 where it may become ready
   */
  record NotReady(int status, String why) implements VmBoot {}

  static VmBoot of(String name, JsonNode vm) {
    JsonNode metadata = vm.path("metadata");
    JsonNode status = vm.path("status");
    if (metadata.has("deletionTimestamp")) {
      return new NotReady(409, "vm %s is being deleted".formatted(name));
    }
    JsonNode ready = condition(status, "Ready");
    if (ready.path("reason").asText("").equals("Failed")) {
      return new NotReady(
          417,
          "vm %s is in a terminal state 'failed': %s"
              .formatted(name, ready.path("message").asText("")));
    }
    String worker = status.path("workerName").asText("");
    String boot = status.path("bootID").asText("");
    if (condition(status, "AgentConnected").path("status").asText("").equals("True")
        && !worker.isEmpty()
        && !boot.isEmpty()) {
      return new Ready(
          JsonNodeFactory.instance
              .objectNode()
              .put("vmUID", metadata.path("uid").asText(""))
              .put("workerName", worker)
              .put("bootID", boot));
    }
    return new NotReady(408, notReady(name, worker, status));
  }

  private static String notReady(String name, String worker, JsonNode status) {
    if (worker.isEmpty()) {
      return "vm %s was not placed on any worker in time: %s"
          .formatted(
              name,
              condition(status, "Scheduled")
                  .path("message")
                  .asText("no operator has looked at it"));
    }
    return "vm %s on worker %s was not ready in time: %s"
        .formatted(name, worker, missing(condition(status, "Ready")));
  }

  private static String missing(JsonNode ready) {
    String reason = ready.path("reason").asText("Running");
    return reason.equals("Running")
        ? "no agent is connected in it"
        : reason + " " + ready.path("message").asText("");
  }

  private static JsonNode condition(JsonNode status, String type) {
    for (JsonNode condition : status.path("conditions")) {
      if (condition.path("type").asText("").equals(type)) {
        return condition;
      }
    }
    return JsonNodeFactory.instance.missingNode();
  }
}
