package dev.orchard.worker.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.Stored;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init")
class GuestStreamTest {
  private static final int WINDOW_BYTES = 64 << 10;

  private final CompletableFuture<ServerCallStreamObserver<ExecOutput>> agent =
      new CompletableFuture<>();
  private final BlockingQueue<GuestMessage> received = new LinkedBlockingQueue<>();
  private final BlockingQueue<Stored> stored = new LinkedBlockingQueue<>();
  private Server server;
  private ManagedChannel channel;
  private GuestStream stream;

  /** An agent that takes nothing unless it is told to. */
  private final class Agent extends GuestAgentGrpc.GuestAgentImplBase {
    @Override
    public StreamObserver<ExecInput> exec(StreamObserver<ExecOutput> output) {
      ServerCallStreamObserver<ExecOutput> call = (ServerCallStreamObserver<ExecOutput>) output;
      call.disableAutoRequest();
      agent.complete(call);
      return new StreamObserver<>() {
        @Override
        public void onNext(ExecInput input) {
          if (input.hasStored()) {
            stored.add(input.getStored());
          }
        }

        @Override
        public void onError(Throwable why) {}

        @Override
        public void onCompleted() {}
      };
    }
  }

  @BeforeEach
  void open() throws IOException {
    server =
        NettyServerBuilder.forPort(0)
            .flowControlWindow(WINDOW_BYTES)
            .addService(new Agent())
            .build()
            .start();
    channel = NettyChannelBuilder.forAddress("localhost", server.getPort()).usePlaintext().build();
    Guest guest = Guest.of(InfoReply.newBuilder().setInstance("one").build(), channel, () -> {});
    stream = GuestStream.attach(guest, "s", 0, false, (_, message) -> received.add(message));
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private void say() throws Exception {
    agent
        .get()
        .onNext(
            ExecOutput.newBuilder().setFrame(ProtoFrames.encode(new Frame.Heartbeat(""))).build());
  }

  private GuestMessage hears() throws InterruptedException {
    return Objects.requireNonNull(received.poll(20, TimeUnit.SECONDS), "a message");
  }

  /** Returns when the agent, which takes nothing, is sent no more. */
  private void fill() {
    // The connection is being made.
    await().until(stream::takesMore);
    while (stream.takesMore()) {
      stream.send(new Frame.Signal("USR1"));
    }
  }

  @Test
  void anAgentThatTakesNothingIsToldTheLatestOfWhatIsStored() throws Exception {
    say();
    hears();
    fill();
    for (int offset = 1; offset <= 1_000; offset++) {
      stream.stored(offset, offset == 1_000);
    }

    agent.get().request(Integer.MAX_VALUE);
    await().until(() -> !stored.isEmpty());
    assertThat(stored).containsExactly(Stored.newBuilder().setOffset(1_000).setExit(true).build());
  }

  @Test
  void theEndOfTheConnectionIsHeardBehindWhatItBrought() throws Exception {
    for (int i = 0; i < 10; i++) {
      say();
    }
    hears();
    fill();
    server.shutdownNow();

    GuestMessage last;
    do {
      stream.more();
      last = hears();
    } while (last instanceof GuestMessage.Received);
    assertThat(last).isInstanceOf(GuestMessage.Broken.class);
  }
}
