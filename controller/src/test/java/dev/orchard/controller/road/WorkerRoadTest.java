package dev.orchard.controller.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.socket.SocketLimits;
import dev.orchard.proto.worker.v1.Answer;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.LinkHeartbeat;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.Synced;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerReport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The workers' WebSockets, with a worker that is one message after another. */
@SuppressWarnings("NullAway.Init")
class WorkerRoadTest {
  private static final String LINK = "/v1/worker/link";
  private static final String RENDEZVOUS = "/v1/worker/rendezvous";
  private static final String TOKEN = "worker:w1";

  @TempDir private Path folder;
  private Fixture fixture;

  @BeforeEach
  void start() {
    fixture =
        Fixture.start(
            folder, ControllerSettings.Timeouts.DEFAULT.withHeartbeat(Duration.ofMillis(200)));
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  /** A worker's end of one socket, which grants what it reads. */
  private static final class Socket implements WebSocket.Listener {
    private final BlockingQueue<ByteString> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final CompletableFuture<Boolean> pinged = new CompletableFuture<>();
    private ByteString parts = ByteString.EMPTY;
    private WebSocket socket;

    void send(MessageLite message) {
      send(message.toByteArray());
    }

    void send(byte[] message) {
      socket.sendBinary(ByteBuffer.wrap(message), true).join();
    }

    Instruction instruction(Predicate<Instruction> wanted) throws Exception {
      while (true) {
        ByteString message = messages.poll(10, TimeUnit.SECONDS);
        if (message == null) {
          throw new AssertionError("no such instruction came");
        }
        Instruction instruction = Instruction.parseFrom(message);
        if (wanted.test(instruction)) {
          return instruction;
        }
      }
    }

    int closed() throws Exception {
      return closed.get(15, TimeUnit.SECONDS);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      parts = parts.concat(ByteString.copyFrom(data));
      if (last) {
        messages.add(parts);
        parts = ByteString.EMPTY;
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
      pinged.complete(true);
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      closed.completeExceptionally(failure);
    }
  }

  private WebSocket.Builder dialing(String token) {
    return fixture
        .http
        .newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .header("Orchard-Replica", "controller-0");
  }

  private Socket open(String path) {
    return open(path, dialing(TOKEN).subprotocols(WorkerSocket.SUBPROTOCOL));
  }

  private Socket open(String path, WebSocket.Builder builder) {
    Socket socket = new Socket();
    socket.socket =
        builder
            .buildAsync(URI.create(fixture.uri(path).toString().replace("https", "wss")), socket)
            .join();
    return socket;
  }

  private int refusal(String path, WebSocket.Builder builder) {
    try {
      open(path, builder);
      throw new AssertionError("it was opened");
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return refused.getResponse().statusCode();
      }
      throw e;
    }
  }

  private static WorkerReport register(String worker) {
    return WorkerReport.newBuilder()
        .setRegister(
            Register.newBuilder()
                .setWorker(worker)
                .setVersion("1")
                .setOs("linux")
                .setArch("amd64")
                .addRuntimes("process")
                .setPrimary(true))
        .build();
  }

  private Socket linked() throws Exception {
    Socket link = open(LINK);
    link.send(register("w1"));
    assertThat(link.instruction(Instruction::hasGreeting).getGreeting().getCapabilitiesList())
        .contains("worker-http-v1");
    link.send(WorkerReport.newBuilder().setSynced(Synced.getDefaultInstance()).build());
    return link;
  }

  @Test
  void aLinkIsALink() throws Exception {
    Socket link = linked();
    VM vm = fixture.placedVm("vm", "w1");
    String uid = vm.getMetadata().getUid();

    link.instruction(i -> i.hasPutVm() && i.getPutVm().getUid().equals(uid));
    link.send(WorkerReport.newBuilder().setVm(Fixture.running(uid)).build());

    Awaitility.await()
        .until(() ->
            fixture.kubernetes.resource(vm).get().statusOrEmpty().isTrue(VMStatus.AGENT_CONNECTED));
    assertThat(link.pinged.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aRendezvousIsARendezvous() throws Exception {
    Socket link = linked();
    VM vm = fixture.placedVm("vm", "w1");
    link.send(WorkerReport.newBuilder().setVm(Fixture.running(vm.getMetadata().getUid())).build());
    Awaitility.await()
        .until(() ->
            fixture.kubernetes.resource(vm).get().statusOrEmpty().isTrue(VMStatus.AGENT_CONNECTED));
    Fixture.Following answer = fixture.start("vm", "{\"command\":[\"true\"]}");
    Instruction start = link.instruction(Instruction::hasStartExec);

    Socket rendezvous = open(RENDEZVOUS);
    rendezvous.send(
        WorkerFrame.newBuilder()
            .setAnswer(
                Answer.newBuilder().setAttachment(start.getStartExec().getAttachment().getId()))
            .build());
    rendezvous.send(
        WorkerFrame.newBuilder().setFrame(ProtoFrames.encode(Fixture.started("true"))).build());
    rendezvous.send(
        WorkerFrame.newBuilder().setFrame(ProtoFrames.encode(Fixture.exited(3, 0))).build());

    assertThat(Fixture.events(answer.body())).containsExactly("started", "exit");
    assertThat(rendezvous.closed()).isEqualTo(WebSocket.NORMAL_CLOSURE);
  }

  @Test
  void anAnswerThatNobodyWaitsForIsClosedWithAReason() throws Exception {
    Socket rendezvous = open(RENDEZVOUS);

    rendezvous.send(
        WorkerFrame.newBuilder().setAnswer(Answer.newBuilder().setAttachment("guessed")).build());

    assertThat(rendezvous.closed()).isEqualTo(1011);
  }

  @Test
  void whoIsNoWorkerIsRefusedBeforeTheUpgrade() {
    for (String path : new String[] {LINK, RENDEZVOUS}) {
      assertThat(refusal(path, dialing(TestApi.ALICE).subprotocols(WorkerSocket.SUBPROTOCOL)))
          .isEqualTo(401);
    }
  }

  @Test
  void withoutTheSubprotocolItIsRefused() {
    assertThat(refusal(LINK, dialing(TOKEN))).isEqualTo(400);
  }

  @Test
  void aPageOfABrowserIsRefused() {
    assertThat(
            refusal(
                LINK,
                dialing(TOKEN)
                    .header("Origin", "https://example.org")
                    .subprotocols(WorkerSocket.SUBPROTOCOL)))
        .isEqualTo(403);
  }

  @Test
  void aRendezvousForAnotherReplicaIsMisdirected() {
    WebSocket.Builder elsewhere =
        fixture
            .http
            .newWebSocketBuilder()
            .header("Authorization", "Bearer " + TOKEN)
            .header("Orchard-Replica", "controller-1")
            .subprotocols(WorkerSocket.SUBPROTOCOL);

    assertThat(refusal(RENDEZVOUS, elsewhere)).isEqualTo(421);
  }

  @Test
  void whileTheApiIsAwayALinkedWorkerStillAnswers() throws Exception {
    linked();
    fixture.api.away(true);
    try {
      assertThat(refusal(LINK, dialing("worker:w2").subprotocols(WorkerSocket.SUBPROTOCOL)))
          .isEqualTo(503);
      open(RENDEZVOUS).socket.abort();
    } finally {
      fixture.api.away(false);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {LINK, RENDEZVOUS})
  void withoutAnUpgradeItIsAskedFor(String path) throws IOException, InterruptedException {
    HttpResponse<String> response = fixture.get(path, TOKEN);

    assertThat(response.statusCode()).isEqualTo(426);
    assertThat(response.headers().firstValue("Upgrade")).contains("websocket");
  }

  @Test
  void aWorkerMayNotRegisterAsAnother() throws Exception {
    Socket link = open(LINK);
    link.send(register("w2"));

    assertThat(link.closed()).isEqualTo(1008);
  }

  @Test
  void aFirstReportThatIsNoRegisterEndsTheLink() throws Exception {
    Socket link = open(LINK);
    link.send(WorkerReport.newBuilder().setHeartbeat(LinkHeartbeat.getDefaultInstance()).build());

    assertThat(link.closed()).isEqualTo(1008);
  }

  @Test
  void whatIsNoMessageEndsTheLink() throws Exception {
    Socket garbage = open(LINK);
    garbage.send(new byte[] {(byte) 0xff});
    assertThat(garbage.closed()).isEqualTo(1008);

    Socket grant = open(LINK);
    grant.socket.sendText("much", true).join();
    assertThat(grant.closed()).isEqualTo(1008);

    Socket large = open(LINK);
    large.send(new byte[SocketLimits.MESSAGE_BYTES + 1]);
    assertThat(large.closed()).isEqualTo(1008);
  }

  @Test
  void aNewerLinkEndsTheOlderOne() throws Exception {
    Socket older = linked();
    linked();

    assertThat(older.closed()).isEqualTo(1011);
  }
}
