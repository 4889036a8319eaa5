package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.json;
import static dev.orchard.controller.Fixture.started;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.proto.worker.v1.StartExec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the HTTP API takes of whom before it looks at what is asked. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SurfaceTest {
  private static final String PAGE = "https://console.example:8443";
  private static final String EXEC = "/v1/vms/hello/exec";
  private static final String AUTHORIZATION = "Authorization: Bearer " + TestApi.ALICE;
  private static final String TRUE = "{\"command\":[\"/bin/true\"]}";

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture =
        Fixture.start(
            folder,
            ControllerSettings.Timeouts.DEFAULT,
            HttpLimits.DEFAULT
                .withAllowedOrigins(Set.of(PAGE))
                .withPerCaller(3, 2)
                .withPatience(Duration.ofSeconds(1), Duration.ofSeconds(2)));
    worker = fixture.worker("w1");
    fixture.readyVm("hello", worker);
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  private HttpResponse<String> fromPage(String origin, String method) throws Exception {
    return fixture.send(
        fixture
            .request("/v1/controller/info", TestApi.ALICE)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "GET")
            .method(method, HttpRequest.BodyPublishers.noBody()));
  }

  @Test
  void letsPagesOfAListedOriginIn() throws Exception {
    HttpResponse<String> response = fromPage(PAGE, "GET");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).contains(PAGE);
    assertThat(response.headers().allValues("Vary")).contains("Origin");
    HttpResponse<String> question = fromPage(PAGE, "OPTIONS");
    assertThat(question.statusCode()).isEqualTo(204);
    assertThat(question.headers().firstValue("Access-Control-Allow-Headers").orElse(""))
        .contains("Authorization");
    // A page learns why it was refused, too.
    HttpResponse<String> refused =
        fixture.send(fixture.request("/v1/none", TestApi.ALICE).header("Origin", PAGE).GET());
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(refused.headers().firstValue("Access-Control-Allow-Origin")).contains(PAGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example",
        "null",
        "",
        "https://console.example",
        "http://console.example:8443",
        "https://console.example:8444",
        "https://console.example:8443.evil.example",
        "https://console.example.evil:8443",
        "https://console.example:8443/",
        "HTTPS://CONSOLE.EXAMPLE:8443",
        "https://console.example:8443 https://evil.example",
        "http://[::1]:8443",
        "file://"
      })
  void refusesPagesOfEveryOther(String origin) throws Exception {
    for (String method : List.of("GET", "POST", "DELETE", "OPTIONS")) {
      HttpResponse<String> response = fromPage(origin, method);
      assertThat(response.statusCode()).as(method).isEqualTo(403);
      assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
      assertThat(json(response).path("type").asText()).endsWith(":origin-refused");
    }
    assertThat(TestSocket.open(fixture, EXEC + "/any", TestApi.ALICE, "Origin", origin))
        .isEqualTo(403);
  }

  @Test
  void opensWebSocketsOfListedOriginsOnly() throws Exception {
    // Past the Origin the session itself is looked for.
    assertThat(TestSocket.open(fixture, EXEC + "/none", TestApi.ALICE, "Origin", PAGE))
        .isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"token", "access_token", "Authorization", "password"})
  void takesNoCredentialsFromAnAddress(String name) throws Exception {
    HttpResponse<String> response =
        fixture.get("/v1/controller/info?" + name + "=x", TestApi.ALICE);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("message").asText()).startsWith(name + ": credentials");
    assertThat(TestSocket.open(fixture, EXEC + "/s?" + name + "=x", TestApi.ALICE)).isEqualTo(400);
  }

  @Test
  void asksWhoItIsBeforeItReadsTheBody() throws Exception {
    int before = fixture.kubernetes.resources(VMExec.class).list().getItems().size();
    // Nothing of the body ever comes: the answer cannot have waited for it.
    String answer = raw("POST " + EXEC + " HTTP/1.1", "Content-Length: 1000");
    assertThat(answer).startsWith("HTTP/1.1 401 ");
    assertThat(
            raw(
                "POST " + EXEC + " HTTP/1.1",
                "Authorization: Bearer rubbish",
                "Transfer-Encoding: chunked",
                "",
                "7fffffff"))
        .startsWith("HTTP/1.1 401 ")
        .containsIgnoringCase("connection: close");
    assertThat(fixture.kubernetes.resources(VMExec.class).list().getItems()).hasSize(before);
  }

  @Test
  void takesBodiesAsTheyAreOnly() throws Exception {
    for (String encoding : List.of("gzip", "br", "deflate")) {
      HttpResponse<String> response =
          fixture.send(
              fixture
                  .request(EXEC, TestApi.ALICE)
                  .header("Content-Encoding", encoding)
                  .POST(HttpRequest.BodyPublishers.ofString(TRUE)));
      assertThat(response.statusCode()).isEqualTo(415);
      assertThat(json(response).path("type").asText()).endsWith(":unsupported-encoding");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /v1/vms/a%00b HTTP/1.1|400",
        "GET /v1/vms/a%0d%0ab HTTP/1.1|400",
        "GET /v1/vms/%2e%2e/exec/x HTTP/1.1|400",
        "GET /v1/vms/%zz HTTP/1.1|400",
        "GET /v1/vms?x=%zz HTTP/1.1|400",
        "G(T /v1/vms HTTP/1.1|400"
      })
  void refusesWhatIsNoRequestInTheFormOfAllRefusals(String line, int status) throws Exception {
    String answer = raw(line, "Connection: close", AUTHORIZATION);
    assertThat(answer)
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("application/problem+json")
        .contains("urn:orchard:problem:")
        .doesNotContain("Exception");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /v1/vms HTTP/9.9", "nonsense", "GET", "\0\0"})
  void closesWhatIsNotHttp(String line) throws Exception {
    assertThat(raw(line)).doesNotContain("HTTP/1.1 5");
  }

  @Test
  void refusesHeadersLinesAndBodiesThatAreTooLong() throws Exception {
    assertThat(raw("GET /" + "a".repeat(40_000) + " HTTP/1.1"))
        .startsWith("HTTP/1.1 414 ")
        .contains("application/problem+json");
    assertThat(raw("GET / HTTP/1.1", "X-Much: " + "a".repeat(40_000)))
        .startsWith("HTTP/1.1 400 ")
        .contains("application/problem+json");
    assertThat(raw("POST " + EXEC + " HTTP/1.1", "Content-Length: 67108865"))
        .startsWith("HTTP/1.1 413 ")
        .contains("application/problem+json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Upgrade: websocket",
        "Upgrade: websocket|Sec-WebSocket-Key: x",
        "Upgrade: websocket|Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==",
        "Upgrade: WebSocket|Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Upgrade: websocket|Sec-WebSocket-Version: 8|Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
      })
  void refusesHandshakesThatAreNone(String headers) throws Exception {
    String answer =
        raw(
            "GET " + EXEC + "/s HTTP/1.1",
            AUTHORIZATION,
            "Connection: Upgrade",
            headers.replace("|", "\r\n"));
    assertThat(answer).startsWith("HTTP/1.1 400 ").contains("application/problem+json");
  }

  @Test
  void letsNothingBeStoredOrGuessed() throws Exception {
    for (String path : List.of("/", "/livez", "/v1/controller/info", "/v1/none")) {
      HttpResponse<String> response = fixture.get(path, TestApi.ALICE);
      assertThat(response.headers().firstValue("Cache-Control")).as(path).contains("no-store");
      assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    }
  }

  @Test
  void boundsWhatOneCallerHasUnderWayAndNotOthers() throws Exception {
    List<Fixture.Following> running = new ArrayList<>();
    List<FakeWorker.Stream> streams = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      running.add(fixture.start("hello", named("under-way-" + i)));
      streams.add(answer("under-way-" + i));
      assertThat(running.getLast().headers().statusCode()).isEqualTo(200);
    }
    HttpResponse<String> more = fixture.get("/v1/controller/info", TestApi.ALICE);
    assertThat(more.statusCode()).isEqualTo(429);
    assertThat(more.headers().firstValue("Retry-After")).contains("1");
    assertThat(TestSocket.open(fixture, EXEC + "/any", TestApi.ALICE)).isEqualTo(429);
    assertThat(fixture.get("/v1/controller/info", TestApi.BOB).statusCode()).isEqualTo(200);

    streams.forEach(stream -> stream.send(Fixture.exited(0, 0)));
    for (Fixture.Following one : running) {
      one.body();
    }
    await().until(() -> fixture.get("/v1/controller/info", TestApi.ALICE).statusCode() == 200);
  }

  @Test
  void boundsTheStartsThatOneCallerWaitsFor() throws Exception {
    List<Fixture.Following> waiting = new ArrayList<>();
    List<StartExec> starts = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      waiting.add(fixture.start("hello", named("waiting-" + i)));
      starts.add(start("waiting-" + i));
    }
    HttpResponse<String> third = fixture.post(EXEC, TestApi.ALICE, TRUE);
    assertThat(third.statusCode()).isEqualTo(429);
    assertThat(third.headers().firstValue("Retry-After")).isPresent();
    assertThat(json(third).path("message").asText()).contains("starts");

    starts.forEach(start -> worker.answer(start.getAttachment()).send(Fixture.exited(0, 0)));
    for (Fixture.Following one : waiting) {
      assertThat(one.body()).contains("exit");
    }
  }

  @Test
  void closesAConnectionThatNeverShakesHands() throws Exception {
    assertThat(whatASilentConnectionGets()).doesNotContain("HTTP");
  }

  /** Until it is closed. */
  private String whatASilentConnectionGets() throws IOException {
    try (Socket socket = new Socket("localhost", fixture.controller.httpPort())) {
      return drain(socket);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "GET /v1/vms",
        "GET /v1/vms HTTP/1.1\r\nHost: localhost\r\n",
        "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nX: "
      })
  void closesAConnectionWhoseHeadersTrickle(String beginning) throws Exception {
    try (Socket socket = connect();
        ScheduledExecutorService trickle = Executors.newSingleThreadScheduledExecutor()) {
      OutputStream out = socket.getOutputStream();
      out.write(beginning.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      ScheduledFuture<?> writing =
          trickle.scheduleAtFixedRate(() -> write(out), 100, 100, TimeUnit.MILLISECONDS);
      drain(socket);
      writing.cancel(true);
    }
  }

  private static void write(OutputStream out) {
    try {
      out.write('a');
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void refusesABodyThatDoesNotCome() throws Exception {
    assertThat(whatHalfABodyGets()).startsWith("HTTP/1.1 408 ").contains(":body-timeout");
  }

  private String whatHalfABodyGets() throws IOException {
    return raw("POST " + EXEC + " HTTP/1.1", AUTHORIZATION, "Content-Length: 1000", "", "{");
  }

  @Test
  void keepsAStreamOfAQuietCommand() throws Exception {
    Fixture.Following quiet = fixture.start("hello", named("quiet"));
    FakeWorker.Stream stream = answer("quiet");
    assertThat(quiet.headers().statusCode()).isEqualTo(200);
    // Longer than everything that cuts a client which should be sending.
    assertThat(whatASilentConnectionGets()).isNotNull();
    assertThat(whatHalfABodyGets()).contains(" 408 ");
    assertThat(whatASilentConnectionGets()).isNotNull();

    stream.send(Fixture.exited(0, 0));
    assertThat(Fixture.events(quiet.body())).startsWith("started").endsWith("exit");
  }

  private static String named(String name) {
    return "{\"command\":[\"/bin/true\"],\"name\":\"%s\"}".formatted(name);
  }

  /** Passes over those that are only given again, for want of a report. */
  private StartExec start(String name) throws InterruptedException {
    return worker
        .take(i ->
            i.hasStartExec()
                && i.getStartExec().hasAttachment()
                && i.getStartExec().getSpec().getName().equals(name))
        .getStartExec();
  }

  private FakeWorker.Stream answer(String name) throws InterruptedException {
    return worker.answer(start(name).getAttachment()).send(started(name));
  }

  private Socket connect() throws IOException {
    return fixture
        .certificate
        .clientContext()
        .getSocketFactory()
        .createSocket("localhost", fixture.controller.httpPort());
  }

  /** All that comes back until the server closes; lines of a head, or more after an empty one. */
  private String raw(String line, String... more) throws IOException {
    StringBuilder request = new StringBuilder(line).append("\r\nHost: localhost\r\n");
    for (String next : more) {
      request.append(next).append("\r\n");
    }
    request.append("\r\n");
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      return drain(socket);
    }
  }

  private static String drain(Socket socket) throws IOException {
    StringBuilder all = new StringBuilder();
    InputStream in = socket.getInputStream();
    try {
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        all.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
      }
    } catch (SocketException e) {
      // Reset, where something was sent that nobody read any more.
    }
    return all.toString();
  }
}
