package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The HTTP API of a system as a program would use it that has no library of ours. */
public final class ExecClient {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http;
  private final URI url;
  private final String token;

  ExecClient(DevSystem system) {
    this.url = system.url();
    this.token = system.token();
    this.http = HttpClient.newBuilder().sslContext(trusting(system.certificateAuthority())).build();
  }

  /** Trusts what the authority of this PEM file signed, and nothing else. */
  public static SSLContext trusting(Path authority) {
    try (InputStream pem = Files.newInputStream(authority)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the certificate of " + authority, e);
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(url.resolve(path)).header("Authorization", "Bearer " + token);
  }

  <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> body)
      throws IOException, InterruptedException {
    return http.send(request.build(), body);
  }

  WebSocket.Builder newWebSocketBuilder() {
    return http.newWebSocketBuilder();
  }

  /** A body. */
  public static HttpRequest.BodyPublisher json(Map<String, ?> body) {
    try {
      return HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode parse(String body) {
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes a VM, unless an earlier try of the same test has. */
  void createVm(String name) throws IOException, InterruptedException {
    HttpResponse<String> response =
        send(
            request("/v1/vms").POST(json(Map.of("name", name, "image", "default"))),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isIn(200, 409);
  }

  /** Runs a command by the 200 form and returns all its frames. */
  List<Frame.Out> exec(String vm, Map<String, ?> body) throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        send(request("/v1/vms/" + vm + "/exec").POST(json(body)), BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    return frames(response.body());
  }

  /** Starts a command by the 201 form and returns its path. */
  String start(String vm, Map<String, ?> body) throws IOException, InterruptedException {
    HttpResponse<String> response =
        send(
            request("/v1/vms/" + vm + "/exec").header("Prefer", "respond-async").POST(json(body)),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
    return response.headers().firstValue("Location").orElseThrow();
  }

  /** Reads a session's frames, as far as they go. */
  List<Frame.Out> read(String session, String query) throws IOException, InterruptedException {
    return frames(open(session, query));
  }

  InputStream open(String session, String query) throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        send(request(session + query).GET(), BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  JsonNode post(String path, HttpRequest.BodyPublisher body)
      throws IOException, InterruptedException {
    HttpResponse<String> response = send(request(path).POST(body), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 204);
    return response.body().isEmpty() ? JSON.nullNode() : parse(response.body());
  }

  ExecSocket socket(String session) {
    return socket(session, "?interactive=true");
  }

  ExecSocket socket(String session, String query) {
    URI target = url.resolve(session + query);
    ExecSocket socket = new ExecSocket();
    socket.connected(
        http.newWebSocketBuilder()
            .header("Authorization", "Bearer " + token)
            .subprotocols("v1.exec.orchard.dev")
            .buildAsync(
                URI.create(target.toString().replaceFirst("^http", "ws")), socket.listener())
            .join());
    return socket;
  }

  /** Connects to a port of a VM. */
  CompletableFuture<PortSocket> forward(String vm, int port) {
    URI target = url.resolve("/v1/vms/%s/port-forward?port=%d&wait=120".formatted(vm, port));
    PortSocket socket = new PortSocket();
    return http.newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .buildAsync(URI.create(target.toString().replaceFirst("^http", "ws")), socket)
        .thenApply(socket::connected);
  }

  private static List<Frame.Out> frames(InputStream body) throws IOException {
    List<Frame.Out> frames = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        frames.add(frame(line));
      }
    }
    return frames;
  }

  static Frame.Out frame(String json) {
    return (Frame.Out) JsonFrames.decode(json.getBytes(StandardCharsets.UTF_8));
  }

  static WebSocket send(WebSocket socket, Frame.In frame) {
    return socket
        .sendText(new String(JsonFrames.encode(frame), StandardCharsets.UTF_8), true)
        .join();
  }
}
