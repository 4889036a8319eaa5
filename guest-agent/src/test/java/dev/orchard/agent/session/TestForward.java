package dev.orchard.agent.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.proto.guest.v1.Connect;
import dev.orchard.proto.guest.v1.ForwardInput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A worker's end of one forwarded connection, which takes a frame only when it is asked for. */
final class TestForward
    implements ClientResponseObserver<ForwardInput, dev.orchard.proto.forward.v1.ForwardFrame> {
  /** So that a test that waits in vain fails; nothing is measured by it. */
  private static final long PATIENCE_SECONDS = 60;

  private sealed interface Event {
    record Came(ForwardFrame frame) implements Event {}

    record Closed(Status status) implements Event {}
  }

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Semaphore room = new Semaphore(0);
  private @Nullable ClientCallStreamObserver<ForwardInput> calls;

  TestForward(GuestAgentGrpc.GuestAgentStub agent, String instance, int port) {
    agent.forward(this);
    calls()
        .onNext(
            ForwardInput.newBuilder()
                .setConnect(Connect.newBuilder().setInstance(instance).setPort(port))
                .build());
  }

  private ClientCallStreamObserver<ForwardInput> calls() {
    return Objects.requireNonNull(calls);
  }

  /** The next frame, which has not been asked for before. */
  ForwardFrame next() throws InterruptedException {
    calls().request(1);
    if (take() instanceof Event.Came(ForwardFrame frame)) {
      return frame;
    }
    throw new AssertionError("the stream has ended");
  }

  Status closed() throws InterruptedException {
    calls().request(1);
    if (take() instanceof Event.Closed(Status status)) {
      return status;
    }
    throw new AssertionError("the stream goes on");
  }

  private Event take() throws InterruptedException {
    Event event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("nothing came for " + PATIENCE_SECONDS + " s");
    }
    return event;
  }

  void send(ForwardFrame frame) throws InterruptedException {
    while (!calls().isReady()) {
      if (!room.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("no room for " + PATIENCE_SECONDS + " s");
      }
    }
    calls().onNext(ForwardInput.newBuilder().setFrame(frame.encode()).build());
  }

  void send(byte[] bytes) throws InterruptedException {
    for (int at = 0; at < bytes.length; at += ForwardFrame.MAX_DATA) {
      int count = Math.min(ForwardFrame.MAX_DATA, bytes.length - at);
      send(new ForwardFrame.Data(ByteString.copyFrom(bytes, at, count)));
    }
  }

  void leave() {
    calls().cancel("left", null);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<ForwardInput> requests) {
    calls = requests;
    requests.disableAutoRequestWithInitial(0);
    requests.setOnReadyHandler(room::release);
  }

  @Override
  public void onNext(dev.orchard.proto.forward.v1.ForwardFrame frame) {
    events.add(new Event.Came(ForwardFrame.decode(frame)));
  }

  @Override
  public void onError(Throwable error) {
    events.add(new Event.Closed(Status.fromThrowable(error)));
  }

  @Override
  public void onCompleted() {
    events.add(new Event.Closed(Status.OK));
  }
}
