package dev.orchard.cli.kubeconfig;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.cli.message.CliException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A credential plugin ({@code client.authentication.k8s.io}). It never gets our standard input,
 * which belongs to the command, and it writes to our standard error.
 */
public final class ExecPlugin {
  /**
   * How a kubeconfig describes one.
   *
   * @param command argv, its first element resolved against the file's directory
   * @param environment added to ours
   * @param clusterInfo where the plugin wants it
   * @param installHint shown where the program is missing
   */
  record Description(
      String apiVersion,
      List<String> command,
      Map<String, String> environment,
      Optional<JsonNode> clusterInfo,
      Optional<String> installHint) {}

  /** What a run of it printed. */
  record Credential(Optional<String> token, Optional<ClientCertificate> certificate) {
    @Override
    public String toString() {
      return "Credential[****]";
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Description description;
  private final InstantSource clock;
  private @Nullable Credential credential;
  private Instant expires = Instant.MAX;

  ExecPlugin(Description description, InstantSource clock) {
    this.description = description;
    this.clock = clock;
  }

  /** The token, and nothing else will do. */
  String token() {
    return credential()
        .token()
        .orElseThrow(() -> failure("printed no status.token, and a controller takes nothing else"));
  }

  /** From the plugin's last run until it has expired. */
  synchronized Credential credential() {
    Credential cached = credential;
    if (cached != null && clock.instant().isBefore(expires)) {
      return cached;
    }
    JsonNode status = run().path("status");
    String token = status.path("token").asText("");
    String certificate = status.path("clientCertificateData").asText("");
    Credential fresh =
        new Credential(
            Optional.of(token).filter(text -> !text.isEmpty()),
            certificate.isEmpty() ? Optional.empty() : Optional.of(pair(certificate, status)));
    if (fresh.token().isEmpty() && fresh.certificate().isEmpty()) {
      throw failure("printed neither status.token nor status.clientCertificateData");
    }
    expires = expiry(status.path("expirationTimestamp").asText(""));
    credential = fresh;
    return fresh;
  }

  private ClientCertificate pair(String certificate, JsonNode status) {
    return ClientCertificate.of(
        certificate.getBytes(StandardCharsets.UTF_8),
        status.path("clientKeyData").asText("").getBytes(StandardCharsets.UTF_8),
        "credential plugin " + description.command().getFirst());
  }

  private JsonNode run() {
    ProcessBuilder builder =
        new ProcessBuilder(description.command())
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(description.environment());
    builder.environment().put("KUBERNETES_EXEC_INFO", request().toString());
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      byte[] printed = process.getInputStream().readAllBytes();
      int code = process.waitFor();
      if (code != 0) {
        throw failure("ended with code " + code);
      }
      return answer(printed);
    } catch (JsonProcessingException e) {
      throw failure("printed no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw failure(
          "cannot be run: "
              + e.getMessage()
              + description.installHint().map(hint -> ". " + hint).orElse(""));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("was interrupted");
    }
  }

  private JsonNode answer(byte[] printed) throws IOException {
    JsonNode credential = JSON.readTree(printed);
    String version = credential.path("apiVersion").asText("");
    if (!version.equals(description.apiVersion())) {
      throw failure(
          "answered with apiVersion '%s' where kubeconfig says '%s'"
              .formatted(version, description.apiVersion()));
    }
    return credential;
  }

  private ObjectNode request() {
    ObjectNode request = JSON.createObjectNode();
    request.put("apiVersion", description.apiVersion());
    request.put("kind", "ExecCredential");
    ObjectNode spec = request.putObject("spec");
    spec.put("interactive", false);
    description.clusterInfo().ifPresent(cluster -> spec.set("cluster", cluster));
    return request;
  }

  private Instant expiry(String timestamp) {
    if (timestamp.isEmpty()) {
      return Instant.MAX;
    }
    try {
      return Instant.parse(timestamp);
    } catch (DateTimeException e) {
      throw failure("printed an expirationTimestamp that is none: " + timestamp);
    }
  }

  private CliException failure(String what) {
    return CliException.local(
        "credential plugin %s %s".formatted(description.command().getFirst(), what));
  }
}
