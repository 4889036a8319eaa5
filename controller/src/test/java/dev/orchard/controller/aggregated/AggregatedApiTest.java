package dev.orchard.controller.aggregated;

import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.controller.TestAuthority;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Instruction;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The group as the API server calls it: with its certificate, and naming whom it speaks for. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AggregatedApiTest {
  private static final String GROUP = "/apis/subresources.orchard.dev/v1alpha1";
  private static final String DEFAULT = GROUP + "/namespaces/default";
  private static final String EXEC = DEFAULT + "/vms/hello/exec?command=/bin/cat&stdout=true";

  private final TestAuthority authority = new TestAuthority();

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @SuppressWarnings("NullAway.Init")
  private VM vm;

  @SuppressWarnings("NullAway.Init")
  private HttpClient apiServer;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture = Fixture.start(folder);
    fixture
        .kubernetes
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName("extension-apiserver-authentication")
                .withNamespace("kube-system")
                .endMetadata()
                .addToData("requestheader-client-ca-file", authority.pem())
                .addToData("requestheader-allowed-names", "[\"front-proxy-client\"]")
                .addToData("requestheader-username-headers", "[\"X-Remote-User\"]")
                .addToData("requestheader-group-headers", "[\"X-Remote-Group\"]")
                .addToData("requestheader-extra-headers-prefix", "[\"X-Remote-Extra-\"]")
                .build())
        .create();
    apiServer = client(authority.issue("CN=front-proxy-client"));
    worker = fixture.worker("w1");
    vm = fixture.readyVm("hello", worker);
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  private HttpClient client(TestAuthority.Client shown) {
    return HttpClient.newBuilder()
        .sslContext(TestAuthority.context(fixture.certificate.parsed(), shown))
        .build();
  }

  private HttpRequest.Builder request(String path, String user) {
    return HttpRequest.newBuilder(fixture.uri(path))
        .header("X-Remote-User", user)
        .header("X-Remote-Group", "system:authenticated");
  }

  private HttpResponse<String> get(HttpClient client, String path) throws Exception {
    return client.send(request(path, "alice").build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String user, String body) throws Exception {
    return apiServer.send(
        request(path, user).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString());
  }

  private CompletableFuture<Channels> open(
      HttpClient client, String path, String user, String subprotocol) {
    Channels channels = new Channels();
    return client
        .newWebSocketBuilder()
        .header("X-Remote-User", user)
        .subprotocols(subprotocol)
        .buildAsync(URI.create(fixture.uri(path).toString().replace("https", "wss")), channels)
        .thenApply(socket -> {
          channels.socket = socket;
          return channels;
        });
  }

  /** The status with which a socket is refused. */
  private int refused(HttpClient client, String path, String user, String subprotocol)
      throws Exception {
    try {
      open(client, path, user, subprotocol).get(20, TimeUnit.SECONDS);
      throw new AssertionError("it was opened");
    } catch (ExecutionException | CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refusal) {
        return refusal.getResponse().statusCode();
      }
      throw e;
    }
  }

  private FakeWorker.Stream answered() throws InterruptedException {
    Instruction instruction = worker.take(FakeWorker::attaches);
    return worker.answer(attachment(instruction));
  }

  private static Attachment attachment(Instruction instruction) {
    return instruction.hasAttach()
        ? instruction.getAttach()
        : instruction.getStartExec().getAttachment();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/apis",
        "/apis/subresources.orchard.dev",
        GROUP,
        DEFAULT + "/vmexecs/x/log",
        DEFAULT + "/vms/hello/exec?command=x",
        "/openapi/v2",
        "/openapi/v3",
        "/openapi/v3" + GROUP
      })
  void answersTheApiServerAlone(String path) throws Exception {
    HttpClient stranger = client(new TestAuthority().issue("CN=front-proxy-client"));
    HttpClient colleague = client(authority.issue("CN=another-proxy"));
    assertThat(get(fixture.http, path).statusCode()).isEqualTo(401);
    assertThat(get(stranger, path).statusCode()).isEqualTo(401);
    assertThat(get(colleague, path).statusCode()).isEqualTo(401);
    assertThat(get(apiServer, path).statusCode()).isNotEqualTo(401);
    // Nor by what Helidon itself would say of a certificate.
    HttpRequest forged =
        request(path, "alice")
            .header("X-Helidon-Cn", "front-proxy-client")
            .header("Authorization", "Bearer " + TestApi.ALICE)
            .build();
    assertThat(fixture.http.send(forged, BodyHandlers.ofString()).statusCode()).isEqualTo(401);
  }

  @Test
  void opensSocketsForTheApiServerAlone() throws Exception {
    HttpClient stranger = client(new TestAuthority().issue("CN=front-proxy-client"));
    String attach = DEFAULT + "/vmexecs/x/attach";
    String forward = DEFAULT + "/vms/hello/portforward?port=1";
    for (HttpClient nobody : new HttpClient[] {fixture.http, stranger}) {
      assertThat(refused(nobody, EXEC, "alice", "v5.channel.k8s.io")).isEqualTo(401);
      assertThat(refused(nobody, attach, "alice", "v1.exec.orchard.dev")).isEqualTo(401);
      assertThat(refused(nobody, forward, "alice", "v1.exec.orchard.dev")).isEqualTo(401);
    }
  }

  @Test
  void keepsItsWordToThoseWhoShowAnotherCertificate() throws Exception {
    HttpClient stranger = client(new TestAuthority().issue("O=nobody,OU=knows"));
    HttpResponse<String> answer =
        stranger.send(
            fixture.request("/v1/vms", TestApi.ALICE).GET().build(), BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
  }

  @Test
  void takesNobodysWordForAUserElsewhere() throws Exception {
    assertThat(get(apiServer, "/v1/vms").statusCode()).isEqualTo(401);
    HttpRequest bob =
        fixture
            .request("/v1/vms/hello/exec", TestApi.BOB)
            .header("X-Remote-User", "alice")
            .header("X-Remote-Group", "system:masters")
            .POST(HttpRequest.BodyPublishers.ofString("{\"command\":[\"x\"]}"))
            .build();
    assertThat(apiServer.send(bob, BodyHandlers.ofString()).statusCode()).isEqualTo(403);
  }

  @Test
  void saysWhatItServes() throws Exception {
    JsonNode resources = Fixture.json(get(apiServer, GROUP));
    assertThat(resources.path("kind").asText()).isEqualTo("APIResourceList");
    assertThat(resources.path("groupVersion").asText())
        .isEqualTo("subresources.orchard.dev/v1alpha1");
    assertThat(resources.path("resources").findValuesAsText("name"))
        .containsExactlyInAnyOrder("vms/exec", "vms/portforward", "vmexecs/attach", "vmexecs/log");
    assertThat(Fixture.json(get(apiServer, "/apis")).at("/groups/0/name").asText())
        .isEqualTo("subresources.orchard.dev");
  }

  @Test
  void runsACommandAsPodsExecDoes() throws Exception {
    CompletableFuture<Channels> opening =
        open(
            apiServer,
            DEFAULT
                + "/vms/hello/exec?command=/bin/cat&command=-&stdin=true&stdout=true&stderr=true"
                + "&tty=true",
            "alice",
            "v5.channel.k8s.io");
    Instruction start = worker.take(FakeWorker::attaches);
    assertThat(attachment(start).getWriter()).isTrue();
    assertThat(attachment(start).getForeground()).isTrue();
    assertThat(start.getStartExec().getSpec().getCommandList()).containsExactly("/bin/cat", "-");
    FakeWorker.Stream session = worker.answer(attachment(start));
    Channels client = opening.get(10, TimeUnit.SECONDS);
    VMExec object = fixture.exec(start.getStartExec().getSpec().getName());
    assertThat(object.getSpec().requestedBy()).isEqualTo("alice");
    assertThat(object.getSpec().disconnectPolicy().word()).isEqualTo("Terminate");
    assertThat(client.socket.getSubprotocol()).isEqualTo("v5.channel.k8s.io");
    assertThat(client.take()).isEqualTo(Channels.message(1, ""));

    session.send(started("s")).send(stdout(0, "hi"));
    assertThat(client.take()).isEqualTo(Channels.message(1, "hi"));
    client.send(Channels.message(0, "in"));
    client.send(Channels.message(4, "{\"Width\":120,\"Height\":40}"));
    client.send(ByteString.copyFrom(new byte[] {(byte) 255, 0}));
    assertThat(session.take()).isEqualTo(new Frame.Stdin(0, ByteString.copyFromUtf8("in"), false));
    assertThat(session.take()).isEqualTo(new Frame.Resize(40, 120));
    assertThat(session.take()).isEqualTo(new Frame.Stdin(2, ByteString.EMPTY, true));
    session.send(exited(3, 2));
    ByteString status = client.take();
    assertThat(status.byteAt(0)).isEqualTo((byte) 3);
    assertThat(status.toStringUtf8()).contains("NonZeroExitCode").contains("\"message\":\"3\"");
    assertThat(client.closeCode()).isEqualTo(1000);
  }

  @Test
  void neverEndsLikeASuccessWhenTheWorkersStreamBreaks() throws Exception {
    CompletableFuture<Channels> opening = open(apiServer, EXEC, "alice", "v4.channel.k8s.io");
    FakeWorker.Stream session = answered();
    Channels client = opening.get(10, TimeUnit.SECONDS);
    assertThat(client.take()).isEqualTo(Channels.message(1, ""));
    session.cut();
    assertThat(client.take().toStringUtf8()).contains("\"status\":\"Failure\"").contains("unknown");
    assertThat(client.closeCode()).isEqualTo(1000);
  }

  @Test
  void asksForTheRightToCreateThoughASocketIsGot() throws Exception {
    fixture.api.grant("get vms/exec");
    assertThat(refused(apiServer, EXEC, "bob", "v5.channel.k8s.io")).isEqualTo(403);
    fixture.api.grant("create vms/exec");
    try {
      CompletableFuture<Channels> opening = open(apiServer, EXEC, "bob", "v5.channel.k8s.io");
      FakeWorker.Stream session = answered();
      opening.get(10, TimeUnit.SECONDS).socket.sendClose(1000, "").join();
      session.over();
    } finally {
      fixture.api.revoke("create vms/exec");
      fixture.api.revoke("get vms/exec");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          vms/hello/exec?stdout=true                 | v5.channel.k8s.io   | 400
          vms/hello/exec?command=                    | v5.channel.k8s.io   | 400
          vms/hello/exec?command=x&stdin=maybe       | v5.channel.k8s.io   | 400
          vms/hello/exec?command=x                   | v3.channel.k8s.io   | 400
          vms/HELLO/exec?command=x                   | v5.channel.k8s.io   | 400
          vms/nope/exec?command=x                    | v5.channel.k8s.io   | 404
          vmexecs/nope/attach                        | v1.exec.orchard.dev | 404
          vmexecs/nope/attach                        | v5.channel.k8s.io   | 400
          vmexecs/nope/attach?from=-1                | v1.exec.orchard.dev | 400
          vms/hello/portforward                      | v1.exec.orchard.dev | 400
          """)
  void refusesBeforeTheUpgrade(String path, String subprotocol, int status) throws Exception {
    assertThat(refused(apiServer, DEFAULT + "/" + path, "alice", subprotocol)).isEqualTo(status);
  }

  @Test
  void refusesInTheWordsOfKubernetes() throws Exception {
    HttpResponse<String> answer = get(apiServer, DEFAULT + "/vmexecs/nope/log");
    assertThat(answer.statusCode()).isEqualTo(404);
    JsonNode status = Fixture.json(answer);
    assertThat(status.path("kind").asText()).isEqualTo("Status");
    assertThat(status.path("reason").asText()).isEqualTo("NotFound");
    assertThat(status.path("code").asInt()).isEqualTo(404);
    assertThat(status.path("message").asText()).contains("nope");
    assertThat(status.at("/details/causes/0/reason").asText()).isEqualTo("session-not-found");
    // Neither plain HTTP nor SPDY.
    assertThat(get(apiServer, EXEC).statusCode()).isEqualTo(400);
    assertThat(post(EXEC, "alice", "").statusCode()).isEqualTo(400);
  }

  @Test
  void attachesWithOurOwnFrames() throws Exception {
    fixture.boundExec("mine", vm, "w1");
    CompletableFuture<Channels> opening =
        open(
            apiServer,
            DEFAULT + "/vmexecs/mine/attach?interactive=true&from=3",
            "alice",
            "v1.exec.orchard.dev");
    Instruction instruction = worker.take(FakeWorker::attaches);
    assertThat(attachment(instruction).getWriter()).isTrue();
    assertThat(attachment(instruction).getFrom()).isEqualTo(3);
    FakeWorker.Stream session = worker.answer(attachment(instruction));
    Channels client = opening.get(10, TimeUnit.SECONDS);
    assertThat(client.socket.getSubprotocol()).isEqualTo("v1.exec.orchard.dev");
    client.socket.sendText(Fixture.text(new Frame.Signal("INT")), true).join();
    assertThat(session.take()).isEqualTo(new Frame.Signal("INT"));
    client.socket.sendClose(1000, "").join();
    session.over();
  }

  @Test
  void passesASignalOnThatIsPosted() throws Exception {
    fixture.boundExec("posted", vm, "w1");
    CompletableFuture<HttpResponse<String>> posting =
        apiServer.sendAsync(
            request(DEFAULT + "/vmexecs/posted/attach", "alice")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"event\":\"signal\",\"signal\":\"INT\"}"))
                .build(),
            BodyHandlers.ofString());
    FakeWorker.Stream session = answered();
    assertThat(session.take()).isEqualTo(new Frame.Signal("INT"));
    session.complete();
    assertThat(posting.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(204);
  }

  @Test
  void refusesToPassAnythingElseOn() throws Exception {
    fixture.boundExec("refused", vm, "w1");
    String path = DEFAULT + "/vmexecs/refused/attach";
    assertThat(post(path, "alice", "").statusCode()).isEqualTo(400);
    assertThat(post(path, "alice", "nonsense").statusCode()).isEqualTo(400);
    assertThat(post(path, "alice", "x".repeat(50_000)).statusCode()).isEqualTo(400);
    assertThat(post(path, "alice", Fixture.text(new Frame.Detach())).statusCode()).isEqualTo(400);
    assertThat(post(path, "alice", Fixture.text(new Frame.Resize(1, 1))).statusCode())
        .isEqualTo(409);
    assertThat(post(path, "bob", Fixture.text(new Frame.Signal("INT"))).statusCode())
        .isEqualTo(403);
  }

  @Test
  void readsALog() throws Exception {
    fixture.boundExec("logged", vm, "w1");
    CompletableFuture<HttpResponse<String>> reading =
        apiServer.sendAsync(
            request(DEFAULT + "/vmexecs/logged/log?text=true", "alice").build(),
            BodyHandlers.ofString());
    FakeWorker.Stream session = answered();
    session.send(started("logged")).send(stdout(0, "hi\n")).send(exited(0, 3));
    HttpResponse<String> log = reading.get(10, TimeUnit.SECONDS);
    assertThat(log.headers().firstValue("Content-Type")).contains("application/x-ndjson");
    assertThat(Fixture.events(log.body())).containsExactly("started", "stdout", "exit");
    HttpRequest bob = request(DEFAULT + "/vmexecs/logged/log", "bob").build();
    assertThat(apiServer.send(bob, BodyHandlers.ofString()).statusCode()).isEqualTo(403);
  }

  /** A client of pods/exec. */
  private static final class Channels implements WebSocket.Listener {
    private final BlockingQueue<ByteString> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();

    @SuppressWarnings("NullAway.Init")
    private WebSocket socket;

    static ByteString message(int channel, String data) {
      return ByteString.copyFrom(new byte[] {(byte) channel}).concat(ByteString.copyFromUtf8(data));
    }

    void send(ByteString message) {
      socket.sendBinary(message.asReadOnlyByteBuffer(), true).join();
    }

    ByteString take() throws InterruptedException {
      ByteString message = messages.poll(10, TimeUnit.SECONDS);
      if (message == null) {
        throw new AssertionError("no message came");
      }
      return message;
    }

    int closeCode() throws Exception {
      return closed.get(10, TimeUnit.SECONDS);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      messages.add(ByteString.copyFrom(data));
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code);
      return null;
    }
  }
}
