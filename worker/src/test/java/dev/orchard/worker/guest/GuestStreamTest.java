package dev.orchard.worker.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
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
        public void onNext(ExecInput input) {}

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

  private boolean hears(long millis) throws InterruptedException {
    return received.poll(millis, TimeUnit.MILLISECONDS) != null;
  }

  @Test
  void anAgentThatTakesNothingIsNotListenedToUntilItDoes() throws Exception {
    say();
    say();
    assertThat(hears(20_000)).isTrue();
    while (!stream.takesMore()) {
      // The connection is being made.
      Thread.onSpinWait();
    }
    while (stream.takesMore()) {
      stream.stored(1, false);
    }

    stream.more();
    assertThat(hears(200)).isFalse();

    agent.get().request(Integer.MAX_VALUE);
    assertThat(hears(20_000)).isTrue();
    assertThat(stream.takesMore()).isTrue();
  }
}
