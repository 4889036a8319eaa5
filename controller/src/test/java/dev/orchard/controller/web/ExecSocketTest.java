package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Instruction;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExecSocketTest {
  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @SuppressWarnings("NullAway.Init")
  private VM vm;

  private int number;
  private String path = "";

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture =
        Fixture.start(
            folder,
            ControllerSettings.Timeouts.DEFAULT
                .withHeartbeat(Duration.ofMillis(300))
                .withSilence(Duration.ofSeconds(2)));
    worker = fixture.worker("w1");
    vm = fixture.readyVm("hello", worker);
  }

  @BeforeEach
  void makeASession(TestInfo test) throws Exception {
    String name = "s" + number++;
    fixture.boundExec(name, vm, "w1");
    path = "/v1/vms/hello/exec/" + name;
    // Dispatched by the link itself: nobody has started it over the API.
    worker.take(i -> i.hasStartExec() && i.getStartExec().getSpec().getName().equals(name));
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  private record Open(TestSocket client, FakeWorker.Stream session, Attachment attachment) {}

  private Open open(String query) throws Exception {
    CompletableFuture<Object> opening =
        CompletableFuture.supplyAsync(() -> TestSocket.open(fixture, path + query, TestApi.ALICE));
    Instruction instruction = worker.take(FakeWorker::attaches);
    Attachment attachment =
        instruction.hasAttach()
            ? instruction.getAttach()
            : instruction.getStartExec().getAttachment();
    FakeWorker.Stream stream = worker.answer(attachment);
    return new Open((TestSocket) opening.get(10, TimeUnit.SECONDS), stream, attachment);
  }

  private static JsonNode takeBut(TestSocket client, String skipped) throws Exception {
    JsonNode next = client.take();
    while (next.path("event").asText().equals(skipped)) {
      next = client.take();
    }
    return next;
  }

  @Test
  void carriesFramesBothWays() throws Exception {
    Open open = open("?interactive=true&from=3");
    assertThat(open.attachment.getWriter()).isTrue();
    assertThat(open.attachment.getFrom()).isEqualTo(3);
    assertThat(open.attachment.getForeground()).isTrue();
    assertThat(open.client.socket.getSubprotocol()).isEqualTo("v1.exec.orchard.dev");
    open.session.send(started("s")).send(stdout(3, "hi"));

    assertThat(takeBut(open.client, "heartbeat").path("event").asText()).isEqualTo("started");
    assertThat(takeBut(open.client, "heartbeat").path("offset").asLong()).isEqualTo(3);
    Frame.Stdin stdin = new Frame.Stdin(0, ByteString.copyFromUtf8("x"), true);
    open.client.send(stdin);
    open.client.send(new Frame.Heartbeat(""));
    open.client.send(new Frame.Resize(1, 2));
    open.client.send(new Frame.Signal("INT"));
    open.client.send(new Frame.Detach());
    assertThat(open.session.take()).isEqualTo(stdin);
    assertThat(open.session.take()).isEqualTo(new Frame.Resize(1, 2));
    assertThat(open.session.take()).isEqualTo(new Frame.Signal("INT"));
    assertThat(open.session.take()).isEqualTo(new Frame.Detach());
    open.session.send(exited(0, 5));
    assertThat(takeBut(open.client, "heartbeat").path("event").asText()).isEqualTo("exit");
    assertThat(open.client.closeCode()).isEqualTo(1000);
    assertThat(open.session.over().isOk()).isTrue();
  }

  @Test
  void takesMessagesInFragments() throws Exception {
    Open open = open("?interactive=true");
    open.client.socket.sendText("{\"event\":\"sig", false).join();
    open.client.socket.sendText("nal\",\"signal\":\"INT\"}", true).join();

    assertThat(open.session.take()).isEqualTo(new Frame.Signal("INT"));
    open.client.socket.abort();
    open.session.over();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "{}",
        "[]",
        "{\"event\":\"exit\",\"reason\":\"Exited\",\"code\":0}",
        "{\"event\":\"stdin\",\"offset\":-1,\"data\":\"eA==\"}",
        "{\"event\":\"stdin\",\"offset\":0,\"data\":\"!\"}",
        "{\"event\":\"resize\",\"rows\":0,\"cols\":1}",
        "{\"event\":\"signal\",\"signal\":\"SIGODD\"}"
      })
  void endsASocketThatSendsWhatIsNoFrame(String message) throws Exception {
    Open open = open("?interactive=true");
    open.client.text(message);

    JsonNode error = takeBut(open.client, "heartbeat");
    assertThat(error.path("code").asText()).isEqualTo("InvalidFrame");
    assertThat(open.client.closeCode()).isEqualTo(1008);
    assertThat(open.session.over().isOk()).isTrue();
    assertThat(open.session.isEmpty()).isTrue();
  }

  @Test
  void endsASocketThatWritesThoughItOnlyReads() throws Exception {
    Open open = open("");
    assertThat(open.attachment.getWriter()).isFalse();
    open.client.send(new Frame.Signal("INT"));

    assertThat(takeBut(open.client, "heartbeat").path("code").asText()).isEqualTo("NotWriter");
    assertThat(open.client.closeCode()).isEqualTo(1008);
  }

  @Test
  void boundsWhatFragmentsAddUpTo() throws Exception {
    Open open = open("?interactive=true");
    String part = "x".repeat(20_000);
    open.client.socket.sendText(part, false).join();
    open.client.socket.sendText(part, false).join();

    assertThat(takeBut(open.client, "heartbeat").path("code").asText()).isEqualTo("LimitExceeded");
    assertThat(open.client.closeCode()).isEqualTo(1009);
  }

  @Test
  void boundsHowManyFragmentsThereAre() throws Exception {
    Open open = open("?interactive=true");
    for (int i = 0; i < 300; i++) {
      open.client.socket.sendText("", false).join();
    }

    assertThat(takeBut(open.client, "heartbeat").path("code").asText()).isEqualTo("LimitExceeded");
    assertThat(open.client.closeCode()).isEqualTo(1009);
  }

  @Test
  void boundsASingleMessage() throws Exception {
    Open open = open("?interactive=true");
    open.client.text("x".repeat(40_000));

    assertThat(open.client.closeCode()).isEqualTo(1009);
    assertThat(open.session.over().isOk()).isTrue();
  }

  @Test
  void givesUpAClientOfWhichNothingIsHeard() throws Exception {
    // Asks for nothing, and so answers no ping.
    var _ =
        fixture
            .http
            .newWebSocketBuilder()
            .header("Authorization", "Bearer " + TestApi.ALICE)
            .buildAsync(
                URI.create(fixture.uri(path).toString().replace("https", "wss")),
                new WebSocket.Listener() {
                  @Override
                  public void onOpen(WebSocket socket) {}
                });
    Instruction instruction = worker.take(FakeWorker::attaches);

    assertThat(
            worker
                .answer(
                    instruction.hasAttach()
                        ? instruction.getAttach()
                        : instruction.getStartExec().getAttachment())
                .over()
                .isOk())
        .isTrue();
  }

  @Test
  void refusesBinaryMessages() throws Exception {
    Open open = open("?interactive=true");
    open.client.socket.sendBinary(ByteBuffer.wrap(new byte[] {1}), true).join();

    assertThat(takeBut(open.client, "heartbeat").path("code").asText()).isEqualTo("InvalidFrame");
    assertThat(open.client.closeCode()).isEqualTo(1003);
  }

  @Test
  void answersPingsAndSendsItsOwnAndHeartbeats() throws Exception {
    Open open = open("");
    open.client.socket.sendPing(ByteBuffer.wrap(new byte[] {4, 2})).join();

    assertThat(open.client.pong()).isEqualTo(ByteBuffer.wrap(new byte[] {4, 2}));
    assertThat(open.client.ping()).isNotNull();
    assertThat(open.client.take().path("event").asText()).isEqualTo("heartbeat");
    open.client.socket.abort();
    open.session.over();
  }

  @Test
  void leavesTheSessionWhenItsClientGoes() throws Exception {
    Open open = open("?interactive=true");
    open.client.socket.sendClose(1000, "").join();

    assertThat(open.session.over().isOk()).isTrue();
  }

  @Test
  void tellsAnErrorAndClosesWhenTheWorkersStreamBreaks() throws Exception {
    Open open = open("");
    open.session.cut();

    assertThat(takeBut(open.client, "heartbeat").path("code").asText())
        .isEqualTo("WorkerUnreachable");
    assertThat(open.client.closeCode()).isEqualTo(1011);
  }

  @Test
  void refusesBeforeTheUpgradeAndForTheReason() throws Exception {
    assertThat(TestSocket.open(fixture, path, "rubbish")).isEqualTo(401);
    assertThat(TestSocket.open(fixture, path, TestApi.BOB)).isEqualTo(403);
    assertThat(TestSocket.open(fixture, path + "x", TestApi.ALICE)).isEqualTo(404);
    assertThat(TestSocket.open(fixture, path + "?from=-1", TestApi.ALICE)).isEqualTo(400);
    assertThat(TestSocket.open(fixture, path, TestApi.ALICE, "Origin", "https://evil.example"))
        .isEqualTo(403);
    fixture.api.grant("get vmexecs/log");
    try {
      assertThat(TestSocket.open(fixture, path + "?interactive=true", TestApi.BOB)).isEqualTo(403);
    } finally {
      fixture.api.revoke("get vmexecs/log");
    }
  }
}
