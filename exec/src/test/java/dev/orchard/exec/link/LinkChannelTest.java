package dev.orchard.exec.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoRequest;
import dev.orchard.proto.guest.v1.ListRequest;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LinkChannelTest {
  private static final int CHUNK = 24_000;

  private final PipePair pipes = new PipePair();
  private final EchoAgent agent = new EchoAgent();

  @SuppressWarnings("NullAway.Init")
  private LinkChannel channel;

  @SuppressWarnings("NullAway.Init")
  private LinkServer server;

  @BeforeEach
  void connect() {
    channel = LinkChannel.open("test", pipes.host());
    server = LinkServer.start("test", pipes.guest(), agent);
  }

  @AfterEach
  void disconnect() {
    channel.close();
    server.close();
  }

  @Test
  void aUnaryCallIsAnswered() {
    assertThat(info()).isEqualTo("echo");
  }

  @Test
  void anErrorOfTheServiceIsTheStatusOfTheCall() {
    assertThatThrownBy(() -> blocking().list(ListRequest.getDefaultInstance()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
              assertThat(e.getStatus().getDescription()).isEqualTo("nothing here — at all");
            });
  }

  @Test
  void anUnknownMethodIsUnimplemented() {
    MethodDescriptor<ExecInput, ExecOutput> unknown =
        GuestAgentGrpc.getExecMethod().toBuilder()
            .setFullMethodName("orchard.guest.v1.GuestAgent/Fly")
            .build();
    assertThat(new EchoCall(channel, unknown).awaitStatus().getCode())
        .isEqualTo(Status.Code.UNIMPLEMENTED);
  }

  @Test
  void halfCloseReachesTheServiceBehindEveryMessage() {
    EchoCall echo = echo();
    echo.send(3);
    echo.send(0);
    echo.send(500_000);
    echo.call().halfClose();
    echo.read();
    assertThat(echo.awaitStatus()).isEqualTo(Status.OK);
    assertThat(echo.returned()).isEqualTo(500_003);
    assertThat(echo.fault()).isNull();
  }

  @Test
  void aMessageThatIsTooLongEndsItsCall() {
    EchoCall echo = echo();
    echo.send(LinkLimits.MAX_MESSAGE + 1);
    assertThat(echo.awaitStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void sixtyFourMegabytesGoThereAndBack() throws InterruptedException {
    EchoCall echo = echo();
    echo.read();
    long total = 64L << 20;
    while (echo.sent() < total) {
      echo.awaitReady();
      echo.send((int) Math.min(CHUNK, total - echo.sent()));
    }
    echo.call().halfClose();
    assertThat(echo.awaitStatus()).isEqualTo(Status.OK);
    assertThat(echo.returned()).isEqualTo(total);
    assertThat(echo.fault()).isNull();
  }

  @Test
  void aReaderThatStopsFillsItsOwnStreamOnly() {
    EchoCall slow = echo();
    EchoCall other = echo();
    other.read();
    // Whatever still moves on the stalled stream has moved before a hundred echoes on the other.
    for (int idle = 0; idle < 100; idle++) {
      while (slow.call().isReady()) {
        slow.send(CHUNK);
        idle = 0;
      }
      other.send(CHUNK);
      other.awaitReturned(other.sent());
    }
    assertThat(slow.sent()).isLessThan(2L * (LinkLimits.WINDOW + 4 * CHUNK) + 256 * 1024);
    assertThat(slow.returned()).isZero();
    assertThat(other.fault()).isNull();

    slow.read();
    slow.awaitReturned(slow.sent());
    assertThat(slow.fault()).isNull();
    assertThat(slow.returned()).isEqualTo(slow.sent());
  }

  @Test
  void cancellingReachesTheService() {
    EchoCall echo = echo();
    echo.read();
    echo.send(10);
    echo.awaitReturned(10);
    echo.call().cancel("enough", null);
    Status status = echo.awaitStatus();
    assertThat(status.getCode()).isEqualTo(Status.Code.CANCELLED);
    assertThat(status.getDescription()).isEqualTo("enough");
    await().until(() -> agent.cancelled.get() == 1);
  }

  @Test
  void aCallThatIsNotAnsweredEndsAtItsDeadline() {
    try (LinkChannel alone = LinkChannel.open("alone", new PipePair().host())) {
      assertThatThrownBy(() ->
              GuestAgentGrpc.newBlockingStub(alone)
                  .withWaitForReady()
                  .withDeadlineAfter(50, TimeUnit.MILLISECONDS)
                  .info(InfoRequest.getDefaultInstance()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
    }
  }

  @Test
  void aCutFailsTheCallsAndTheNextOneFindsANewEpoch() {
    assertThat(info()).isEqualTo("echo");
    for (int cut = 1; cut <= 5; cut++) {
      EchoCall echo = echo();
      echo.read();
      echo.send(100);
      echo.awaitReturned(100);
      pipes.cutHost();
      assertThat(echo.awaitStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(info()).isEqualTo("echo");
      int cancelled = cut;
      await().until(() -> agent.cancelled.get() == cancelled);
    }
  }

  @Test
  void withoutWaitingForReadyACallOnALinkThatIsDownEndsAtOnce() {
    try (LinkChannel alone = LinkChannel.open("alone", new PipePair().host())) {
      assertThatThrownBy(
              () -> GuestAgentGrpc.newBlockingStub(alone).info(InfoRequest.getDefaultInstance()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }
  }

  @Test
  void closingEndsEveryCall() {
    EchoCall echo = echo();
    echo.read();
    echo.send(10);
    echo.awaitReturned(10);
    channel.close();
    assertThat(echo.awaitStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(echo().awaitStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  private EchoCall echo() {
    return new EchoCall(channel, GuestAgentGrpc.getExecMethod());
  }

  private String info() {
    return blocking().info(InfoRequest.getDefaultInstance()).getInstance();
  }

  private GuestAgentGrpc.GuestAgentBlockingStub blocking() {
    return GuestAgentGrpc.newBlockingStub(channel)
        .withWaitForReady()
        .withDeadlineAfter(10, TimeUnit.SECONDS);
  }
}
