package dev.orchard.dev.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** VMs by the controller's HTTP API, as any client would manage them. */
public final class Vms implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;

  private final URI controller;
  private final String token;
  private final HttpClient http;
  private final JsonMapper json = new JsonMapper();

  /**
   * Those that the token's owner may see.
   *
   * @param authority PEM of the only authority to trust
   */
  public Vms(URI controller, String token, String authority) {
    this.controller = controller;
    this.token = token;
    this.http = HttpClient.newBuilder().sslContext(trustOnly(authority)).build();
  }

  /** One that is there already will do. */
  public void create(String name, String image) throws InterruptedException {
    HttpRequest.BodyPublisher body =
        HttpRequest.BodyPublishers.ofString(
            json.valueToTree(Map.of("name", name, "image", image)).toString());
    HttpResponse<String> response = send(request("/v1/vms").POST(body));
    if (response.statusCode() != 200 && response.statusCode() != CONFLICT) {
      throw refused("POST /v1/vms", response);
    }
  }

  /** Tells each status once; returns when commands can be run in it. */
  public void awaitAgent(String name, Duration patience, Consumer<String> told)
      throws InterruptedException {
    long start = System.nanoTime();
    String last = "";
    while (true) {
      JsonNode vm =
          get(name).orElseThrow(() -> new IllegalStateException("VM " + name + " is gone"));
      String status = vm.path("status").asText();
      boolean agent = isTrue(vm, "agent-connected");
      String words = agent ? "its agent answers" : status + detail(vm.path("status_message"));
      if (!words.equals(last)) {
        told.accept(words);
        last = words;
      }
      if (agent) {
        return;
      }
      if (status.equals("failed") || isOver(start, patience)) {
        throw new IllegalStateException("VM %s cannot be used: %s".formatted(name, words));
      }
      Thread.sleep(POLL);
    }
  }

  /** Returns when nothing is left of it. */
  public void delete(String name, Duration patience) throws InterruptedException {
    HttpResponse<String> response = send(request("/v1/vms/" + name).DELETE());
    if (response.statusCode() != 200) {
      throw refused("DELETE /v1/vms/" + name, response);
    }
    long start = System.nanoTime();
    while (get(name).isPresent()) {
      if (isOver(start, patience)) {
        throw new IllegalStateException("VM %s is still there after its deletion".formatted(name));
      }
      Thread.sleep(POLL);
    }
  }

  private Optional<JsonNode> get(String name) throws InterruptedException {
    HttpResponse<String> response = send(request("/v1/vms/" + name).GET());
    if (response.statusCode() == NOT_FOUND) {
      return Optional.empty();
    }
    if (response.statusCode() != 200) {
      throw refused("GET /v1/vms/" + name, response);
    }
    try {
      return Optional.of(json.readTree(response.body()));
    } catch (IOException e) {
      throw new UncheckedIOException("GET /v1/vms/" + name, e);
    }
  }

  private static boolean isTrue(JsonNode vm, String condition) {
    for (JsonNode one : vm.path("conditions")) {
      if (one.path("type").asText().equals(condition)) {
        return one.path("state").asText().equals("true");
      }
    }
    return false;
  }

  private static String detail(JsonNode message) {
    return message.asText().isEmpty() ? "" : ", " + message.asText();
  }

  private static boolean isOver(long start, Duration patience) {
    return System.nanoTime() - start > patience.toNanos();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(controller + path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/json");
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws InterruptedException {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(controller.toString(), e);
    }
  }

  private static IllegalStateException refused(String what, HttpResponse<String> response) {
    return new IllegalStateException(
        "%s: %d %s".formatted(what, response.statusCode(), response.body()));
  }

  private static SSLContext trustOnly(String authority) {
    try {
      byte[] pem = authority.getBytes(StandardCharsets.US_ASCII);
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry(
          "ca",
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(pem)));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("certificate authority of " + authority, e);
    }
  }
}
