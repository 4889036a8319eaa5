package dev.orchard.cli.road;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.cli.terminal.WindowSize;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The JSON that asks for a session: of a controller, or as an object of the Kubernetes API. */
final class RequestBody {
  /** Where an object says what its creator had asked for. */
  static final String DIGEST_ANNOTATION = "orchard.dev/spec-digest";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** How long the object stays after the end: a day, as a controller's own do. */
  private static final int TTL_SECONDS = 86_400;

  private static final int OUTPUT_LIMIT = 64 << 20;

  private RequestBody() {}

  /** For {@code POST /v1/…/exec}. */
  static ObjectNode request(String name, ExecSpec spec) {
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

  /**
   * A VMExec.
   *
   * @param target the only boot of the VM in which it may run
   */
  static ObjectNode object(SessionAddress session, ExecSpec spec, JsonNode target) {
    ObjectNode json = JSON.objectNode();
    json.put("apiVersion", "orchard.dev/v1alpha1");
    json.put("kind", "VMExec");
    ObjectNode metadata = json.putObject("metadata");
    metadata.put("name", session.session());
    metadata.put("namespace", session.namespace());
    metadata.putObject("annotations").put(DIGEST_ANNOTATION, digest(session.vm(), spec));
    ObjectNode fields = objectSpec(session.vm(), spec);
    fields.set("target", target);
    fields.put("ttlSecondsAfterFinished", TTL_SECONDS);
    json.set("spec", fields);
    return json;
  }

  private static ObjectNode objectSpec(String vm, ExecSpec spec) {
    ObjectNode json = JSON.objectNode();
    json.put("vmName", vm);
    json.set("command", command(spec));
    if (!spec.env().isEmpty()) {
      ArrayNode env = json.putArray("env");
      spec.env().forEach((name, value) -> env.addObject().put("name", name).put("value", value));
    }
    addRest(json, spec);
    return json;
  }

  /**
   * Same for two requests for the same in the same VM, whatever boot it is in and however large the
   * terminal.
   */
  static String digest(String vm, ExecSpec spec) {
    ObjectNode json = objectSpec(vm, spec);
    if (json.has("tty")) {
      json.put("tty", true);
    }
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(json.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static ArrayNode command(ExecSpec spec) {
    ArrayNode command = JSON.arrayNode();
    spec.command().forEach(command::add);
    return command;
  }

  private static void addRest(ObjectNode json, ExecSpec spec) {
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
