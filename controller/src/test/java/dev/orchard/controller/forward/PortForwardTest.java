package dev.orchard.controller.forward;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.proto.forward.v1.FailureCode;
import dev.orchard.proto.worker.v1.Forward;
import dev.orchard.proto.worker.v1.Guest;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code GET /v1/vms/{vm}/port-forward} and {@code …/ip}, with a worker that says what it likes.
 */
@SuppressWarnings("NullAway.Init")
class PortForwardTest {
  private static final String PATH = "/v1/vms/ready/port-forward?port=80";

  private static Fixture fixture;
  private static FakeWorker worker;
  private static VM vm;

  @BeforeAll
  static void start(@TempDir Path folder) throws InterruptedException {
    fixture =
        Fixture.start(
            folder,
            ControllerSettings.Timeouts.DEFAULT
                .withRendezvous(Duration.ofSeconds(2))
                .withHeartbeat(Duration.ofMillis(200)));
    worker = fixture.worker("w1");
    vm = fixture.readyVm("ready", worker);
  }

  @AfterAll
  static void stop() {
    worker.close();
    fixture.close();
  }

  private record Connection(RawSocket client, FakeWorker.Stream guest) {}

  private static Connection opened() throws Exception {
    CompletableFuture<RawSocket> opening = RawSocket.open(fixture, PATH, TestApi.ALICE);
    FakeWorker.Stream guest = worker.answerForward().send(new ForwardFrame.Opened());
    return new Connection(opening.get(10, TimeUnit.SECONDS), guest);
  }

  private static ForwardFrame.Data data(String text) {
    return new ForwardFrame.Data(ByteString.copyFromUtf8(text));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void bytesGoBothWaysInBinaryMessages() throws Exception {
    Connection connection = opened();

    connection.client.send(bytes("GET"));
    assertThat(connection.guest.takeForwarded()).isEqualTo(data("GET"));
    connection.guest.send(data("200"));
    assertThat(connection.client.take().toStringUtf8()).isEqualTo("200");

    connection.guest.send(new ForwardFrame.HalfClose());
    assertThat(connection.client.closed().code()).isEqualTo(1000);
    assertThat(connection.guest.over().isOk()).isTrue();
  }

  @Test
  void theWorkerIsToldTheVmAndThePort() throws Exception {
    CompletableFuture<RawSocket> opening = RawSocket.open(fixture, PATH, TestApi.ALICE);

    Forward forward = worker.take(Instruction::hasForward).getForward();

    assertThat(forward.getVmUid()).isEqualTo(vm.getMetadata().getUid());
    assertThat(forward.getPort()).isEqualTo(80);
    assertThat(forward.getTimeoutMs()).isPositive();
    assertThat(RawSocket.refused(opening).statusCode()).isEqualTo(503);
  }

  @Test
  void aMessageLargerThanAFrameIsCut() throws Exception {
    Connection connection = opened();
    byte[] large = new byte[40_000];
    large[39_999] = 1;

    connection.client.send(large);

    ForwardFrame.Data first = (ForwardFrame.Data) connection.guest.takeForwarded();
    ForwardFrame.Data second = (ForwardFrame.Data) connection.guest.takeForwarded();
    assertThat(first.bytes().concat(second.bytes())).isEqualTo(ByteString.copyFrom(large));
    connection.client.close();
  }

  @Test
  void anEmptyMessageEndsTheClientsHalf() throws Exception {
    Connection connection = opened();

    connection.client.send(bytes("question"));
    connection.client.send(new byte[0]);

    assertThat(connection.guest.takeForwarded()).isEqualTo(data("question"));
    assertThat(connection.guest.takeForwarded()).isEqualTo(new ForwardFrame.HalfClose());
    connection.guest.send(data("answer")).send(new ForwardFrame.HalfClose());
    assertThat(connection.client.take().toStringUtf8()).isEqualTo("answer");
    assertThat(connection.client.closed().code()).isEqualTo(1000);
  }

  @Test
  void aClientThatClosesEndsTheConnection() throws Exception {
    Connection connection = opened();

    connection.client.close();

    assertThat(connection.guest.over().isOk()).isTrue();
  }

  @Test
  void aConnectionThatBreaksIsClosedWithTheReason() throws Exception {
    Connection connection = opened();

    connection.guest.send(
        new ForwardFrame.Failed(FailureCode.BROKEN, "the program has left: " + "é".repeat(100)));

    RawSocket.Closed closed = connection.client.closed();
    assertThat(closed.code()).isEqualTo(1011);
    assertThat(closed.reason()).startsWith("the program has left: é").endsWith("é");
  }

  @Test
  void aWorkerThatDiesBreaksTheConnection() throws Exception {
    Connection connection = opened();

    connection.guest.cut();

    assertThat(connection.client.closed().code()).isEqualTo(1011);
  }

  @Test
  void aTextMessageIsRefused() throws Exception {
    Connection connection = opened();

    connection.client.sendText("GET");

    assertThat(connection.client.closed().code()).isEqualTo(1003);
  }

  @Test
  void aConnectionThatIsQuietIsPingedAndKept() throws Exception {
    Connection connection = opened();

    connection.client.awaitPing();

    connection.guest.send(data("still here"));
    assertThat(connection.client.take().toStringUtf8()).isEqualTo("still here");
    connection.client.close();
  }

  @Test
  void aClientThatDoesNotReadHoldsUpItsWorker() throws Exception {
    Connection connection = opened();
    ForwardFrame.Data chunk = new ForwardFrame.Data(ByteString.copyFrom(new byte[24_000]));
    int sent = 0;
    while (connection.guest.sendWhenReady(chunk, 1_000)) {
      sent++;
      assertThat(sent * 24_000L).isLessThan(16L << 20);
    }
    connection.client.close();
  }

  @ParameterizedTest
  @CsvSource({
    "REFUSED, nothing listens",
    "UNREACHABLE, the guest agent cannot forward",
    "TOO_MANY, 128 connections",
    "BROKEN, no route"
  })
  void whatTheGuestRefusesIsRefusedBeforeTheUpgrade(FailureCode code, String message)
      throws Exception {
    CompletableFuture<RawSocket> opening = RawSocket.open(fixture, PATH, TestApi.ALICE);
    worker.answerForward().send(new ForwardFrame.Failed(code, message)).complete();

    assertThat(RawSocket.refused(opening).statusCode()).isEqualTo(503);
  }

  @Test
  void aWorkerThatDoesNotAnswerIsRefusedBeforeTheUpgrade() throws Exception {
    CompletableFuture<RawSocket> opening = RawSocket.open(fixture, PATH, TestApi.ALICE);

    HttpResponse<?> refused = RawSocket.refused(opening);

    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValue("Retry-After")).contains("1");
    worker.take(Instruction::hasForward);
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/vms/ready/port-forward, 400",
    "/v1/vms/ready/port-forward?port=0, 400",
    "/v1/vms/ready/port-forward?port=65536, 400",
    "/v1/vms/ready/port-forward?port=http, 400",
    "/v1/vms/ready/port-forward?port=80&wait=-1, 400",
    "/v1/vms/ready/port-forward?port=80&wait=65536, 400",
    "/v1/vms/none/port-forward?port=80, 404",
    "/v1/namespaces/other/vms/ready/port-forward?port=80, 404",
  })
  void whatIsWrongIsRefusedBeforeTheUpgrade(String path, int status) {
    assertThat(RawSocket.refused(RawSocket.open(fixture, path, TestApi.ALICE)).statusCode())
        .isEqualTo(status);
  }

  @Test
  void whoMayNotForwardIsRefused() {
    assertThat(RawSocket.refused(RawSocket.open(fixture, PATH, TestApi.BOB)).statusCode())
        .isEqualTo(403);
    assertThat(RawSocket.refused(RawSocket.open(fixture, PATH, "nobody")).statusCode())
        .isEqualTo(401);
  }

  @Test
  void whoMayForwardNeedsNoOtherRight() throws Exception {
    fixture.api.grant("create vms/portforward");
    try {
      CompletableFuture<RawSocket> opening = RawSocket.open(fixture, PATH, TestApi.BOB);
      worker.answerForward().send(new ForwardFrame.Opened());
      opening.get(10, TimeUnit.SECONDS).close();
    } finally {
      fixture.api.revoke("create vms/portforward");
    }
  }

  @Test
  void withoutAnUpgradeItIsAskedFor() throws Exception {
    HttpResponse<String> response = fixture.get(PATH, TestApi.ALICE);

    assertThat(response.statusCode()).isEqualTo(426);
    assertThat(response.headers().firstValue("Upgrade")).contains("websocket");
    assertThat(Fixture.json(response).path("message").asText()).contains("WebSocket");
  }

  @Test
  void aVmThatIsNotReadyIsWaitedFor() throws Exception {
    fixture.placedVm("slow", "w1");
    String path = "/v1/vms/slow/port-forward?port=80&wait=0";

    assertThat(RawSocket.refused(RawSocket.open(fixture, path, TestApi.ALICE)).statusCode())
        .isEqualTo(408);
  }

  @Test
  void aVmThatFailedIsNotWaitedFor() throws Exception {
    VM failed = fixture.placedVm("failed", "w1");
    worker.report(
        VmReport.newBuilder()
            .setUid(failed.getMetadata().getUid())
            .setState(VmState.VM_FAILED)
            .setMessage("no such image")
            .build());

    String path = "/v1/vms/failed/port-forward?port=80&wait=60";
    assertThat(RawSocket.refused(RawSocket.open(fixture, path, TestApi.ALICE)).statusCode())
        .isEqualTo(417);
  }

  @Test
  void theAddressIsWhatTheAgentSaysOfItsNetwork() throws Exception {
    VM networked = fixture.readyVm("networked", worker);
    String uid = networked.getMetadata().getUid();
    assertThat(fixture.get("/v1/vms/networked/ip", TestApi.ALICE).statusCode()).isEqualTo(503);

    VmReport report = Fixture.running(uid);
    worker.report(
        report.toBuilder()
            .setGuest(Guest.newBuilder(report.getGuest()).addAddresses("10.0.0.5"))
            .build());
    Awaitility.await()
        .until(() ->
            "10.0.0.5".equals(fixture.kubernetes.resource(networked).get().statusOrEmpty().ip()));

    Awaitility.await()
        .untilAsserted(() -> {
          HttpResponse<String> response = fixture.get("/v1/vms/networked/ip?wait=5", TestApi.ALICE);
          assertThat(response.statusCode()).isEqualTo(200);
          assertThat(response.body()).isEqualTo("{\"ip\":\"10.0.0.5\"}");
        });
  }

  @Test
  void withoutANetworkTheAnswerNamesPortForward() throws Exception {
    HttpResponse<String> response = fixture.get("/v1/vms/ready/ip", TestApi.ALICE);

    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(Fixture.json(response).path("message").asText()).contains("use port-forward");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/vms/none/ip, 404",
    "/v1/vms/ready/ip?wait=soon, 400",
    "/v1/vms/placed/ip?wait=0, 408"
  })
  void anAddressThatCannotBeToldIsRefused(String path, int status) throws Exception {
    if (path.contains("placed")) {
      fixture.placedVm("placed", "w1");
    }
    assertThat(fixture.get(path, TestApi.ALICE).statusCode()).isEqualTo(status);
  }

  @Test
  void theAddressNeedsTheRightToSeeTheVm() throws Exception {
    assertThat(fixture.get("/v1/vms/ready/ip", TestApi.BOB).statusCode()).isEqualTo(403);
    assertThat(vm.statusOrEmpty().isTrue(VMStatus.AGENT_CONNECTED)).isTrue();
  }
}
