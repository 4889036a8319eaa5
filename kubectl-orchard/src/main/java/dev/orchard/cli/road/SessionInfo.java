package dev.orchard.cli.road;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What is known of a session.
 *
 * @param exit in one word: a code, SIGNAME or a reason; empty before the end
 * @param createdAt RFC 3339, as it came
 * @param stdin whether it takes standard input from its clients
 * @param leased whether its command is ended a minute after its last reader has gone
 */
public record SessionInfo(
    String session,
    String vm,
    String state,
    String exit,
    String createdAt,
    List<String> command,
    boolean tty,
    boolean stdin,
    boolean leased) {
  static final Comparator<SessionInfo> OLDEST_FIRST =
      Comparator.comparing(SessionInfo::createdAt).thenComparing(SessionInfo::session);

  public SessionInfo {
    command = List.copyOf(command);
  }

  /** From a controller's metadata. */
  static SessionInfo ofMetadata(JsonNode json) {
    return new SessionInfo(
        json.path("session").asText(""),
        json.path("vm").asText(""),
        json.path("state").asText(""),
        exit(json.path("exit")),
        json.path("createdAt").asText(""),
        texts(json.path("command")),
        json.path("tty").asBoolean(),
        json.path("stdin").asText("").equals("Attach"),
        json.path("disconnectPolicy").asText("").equals("Terminate"));
  }

  /** From a VMExec. */
  static SessionInfo ofObject(JsonNode object) {
    JsonNode spec = object.path("spec");
    JsonNode status = object.path("status");
    return new SessionInfo(
        object.path("metadata").path("name").asText(""),
        spec.path("vmName").asText(""),
        status.path("state").asText("Pending"),
        exit(status.path("exit")),
        object.path("metadata").path("creationTimestamp").asText(""),
        texts(spec.path("command")),
        spec.has("tty"),
        spec.path("stdin").path("type").asText("").equals("Attach"),
        spec.path("disconnectPolicy").asText("").equals("Terminate"));
  }

  private static String exit(JsonNode exit) {
    return switch (exit.path("reason").asText("")) {
      case "Exited" -> exit.path("code").asText("");
      case "Signaled" -> "SIG" + exit.path("signal").asText("");
      case String reason -> reason;
    };
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
