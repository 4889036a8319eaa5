package dev.orchard.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The JSON that asks for a session. */
public final class RequestBody {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static final int OUTPUT_LIMIT = 64 << 20;

  private RequestBody() {}

  /** For {@code POST /v1/…/exec}. */
  static ObjectNode request(String name, ExecRequest spec) {
    ObjectNode json = JSON.objectNode();
    json.put("name", name);
    json.set("command", command(spec));
    if (!spec.env().isEmpty()) {
      ObjectNode env = json.putObject("env");
      spec.env().forEach(env::put);
    }
    addRest(json, spec);
    return json;
  }

  /** Its {@code command}. */
  public static ArrayNode command(ExecRequest spec) {
    ArrayNode command = JSON.arrayNode();
    spec.command().forEach(command::add);
    return command;
  }

  /** What a controller and an object of the Kubernetes API call the same. */
  public static void addRest(ObjectNode json, ExecRequest spec) {
    spec.workingDir().ifPresent(directory -> json.put("workingDir", directory));
    spec.user().ifPresent(user -> json.put("user", user));
    if (spec.stdin()) {
      json.putObject("stdin").put("type", "Attach");
    }
    if (spec.tty().isPresent()) {
      WindowSize size = spec.tty().get();
      json.putObject("tty").put("rows", size.rows()).put("cols", size.cols());
    }
    spec.timeout().ifPresent(limit -> json.put("timeoutSeconds", limit.toSeconds()));
    json.put("startTimeoutSeconds", spec.startTimeout().toSeconds());
    json.put(
        "disconnectPolicy",
        switch (spec.onDisconnect()) {
          case TERMINATE -> "Terminate";
          case DETACH -> "Detach";
        });
    if (spec.keepAll()) {
      json.putObject("output")
          .put("limit", OUTPUT_LIMIT)
          .put("onLimit", "Block")
          .put("tailBytes", 0);
    }
  }
}
