package dev.orchard.cli.road;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.RequestBody;
import dev.orchard.client.SessionAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The object of the Kubernetes API that asks for a session. */
final class ObjectBody {
  /** Where an object says what its creator had asked for. */
  static final String DIGEST_ANNOTATION = "orchard.dev/spec-digest";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** How long the object stays after the end: a day, as a controller's own do. */
  private static final int TTL_SECONDS = 86_400;

  private ObjectBody() {}

  /**
   * A VMExec.
   *
   * @param target the only boot of the VM in which it may run
   */
  static ObjectNode object(SessionAddress session, ExecRequest spec, JsonNode target) {
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

  private static ObjectNode objectSpec(String vm, ExecRequest spec) {
    ObjectNode json = JSON.objectNode();
    json.put("vmName", vm);
    json.set("command", RequestBody.command(spec));
    if (!spec.env().isEmpty()) {
      ArrayNode env = json.putArray("env");
      spec.env().forEach((name, value) -> env.addObject().put("name", name).put("value", value));
    }
    RequestBody.addRest(json, spec);
    return json;
  }

  /**
   * Same for two requests for the same in the same VM, whatever boot it is in and however large the
   * terminal.
   */
  static String digest(String vm, ExecRequest spec) {
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
}
