package dev.orchard.worker;

import com.google.protobuf.ByteString;
import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The replica's end of a forwarded connection, which takes a frame only when it is asked for. */
final class Forwarded implements FakeController.RendezvousEnd {
  private static final long PATIENCE_SECONDS = FakeController.PATIENCE.toSeconds();

  private record Answer(ServerCallStreamObserver<ControllerFrame> stream, Semaphore room) {}

  private final CompletableFuture<Answer> answer = new CompletableFuture<>();
  private final BlockingQueue<ForwardFrame> frames = new LinkedBlockingQueue<>();
  private final CompletableFuture<Boolean> closed = new CompletableFuture<>();

  @Override
  public void opened(ServerCallStreamObserver<ControllerFrame> stream, Semaphore room) {
    answer.complete(new Answer(stream, room));
  }

  @Override
  public void arrived(WorkerFrame message) {
    frames.add(ForwardFrame.decode(message.getForward()));
  }

  @Override
  public void closed() {
    closed.complete(true);
  }

  private Answer answer() throws Exception {
    return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  ForwardFrame next() throws Exception {
    answer().stream.request(1);
    ForwardFrame frame = frames.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (frame == null) {
      throw new AssertionError("no frame came");
    }
    return frame;
  }

  byte[] untilHalfClosed() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (next() instanceof ForwardFrame.Data(ByteString data)) {
      bytes.writeBytes(data.toByteArray());
    }
    return bytes.toByteArray();
  }

  void send(ForwardFrame frame) throws Exception {
    while (!answer().stream.isReady()) {
      if (!answer().room.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("there was no room");
      }
    }
    answer().stream.onNext(ControllerFrame.newBuilder().setForward(frame.encode()).build());
  }

  void send(byte[] bytes) throws Exception {
    for (int at = 0; at < bytes.length; at += ForwardFrame.MAX_DATA) {
      int count = Math.min(ForwardFrame.MAX_DATA, bytes.length - at);
      send(new ForwardFrame.Data(ByteString.copyFrom(bytes, at, count)));
    }
  }

  void leave() throws Exception {
    answer().stream.onCompleted();
  }

  void awaitEnd() throws Exception {
    answer().stream.request(1);
    closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
