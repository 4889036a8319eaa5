package dev.orchard.worker;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** The replica's end of one attachment. Reads all that comes, unless it is told to stop. */
final class Reader implements FakeController.RendezvousEnd {
  private final List<Frame> frames = new CopyOnWriteArrayList<>();
  private volatile @Nullable ServerCallStreamObserver<ControllerFrame> stream;
  private volatile boolean stopped;
  private volatile boolean closed;

  @Override
  public void opened(ServerCallStreamObserver<ControllerFrame> opened, Semaphore room) {
    stream = opened;
    next();
  }

  @Override
  public void arrived(WorkerFrame message) {
    Frame frame = ProtoFrames.decode(message.getFrame());
    if (!(frame instanceof Frame.Heartbeat)) {
      frames.add(frame);
    }
    next();
  }

  @Override
  public void closed() {
    closed = true;
  }

  private void next() {
    ServerCallStreamObserver<ControllerFrame> open = stream;
    if (!stopped && open != null) {
      open.request(1);
    }
  }

  /** Takes nothing from now on, but stays. */
  void stopReading() {
    stopped = true;
  }

  void readOn() {
    stopped = false;
    next();
  }

  void send(Frame.In frame) {
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(FakeController.PATIENCE)
        .until(() -> stream != null && stream.isReady());
    ServerCallStreamObserver<ControllerFrame> open = stream;
    if (open != null) {
      open.onNext(ControllerFrame.newBuilder().setFrame(ProtoFrames.encode(frame)).build());
    }
  }

  void leave() {
    await().atMost(FakeController.PATIENCE).until(() -> stream != null);
    ServerCallStreamObserver<ControllerFrame> open = stream;
    if (open != null) {
      open.onCompleted();
    }
  }

  List<Frame> frames() {
    return List.copyOf(frames);
  }

  /** Every frame, when the worker has ended the stream. */
  List<Frame> awaitEnd() {
    await().atMost(FakeController.PATIENCE).until(() -> closed);
    return frames();
  }

  Frame.Exit awaitExit() {
    return (Frame.Exit) awaitEnd().getLast();
  }

  <F extends Frame> F await1(Class<F> kind) {
    await().atMost(FakeController.PATIENCE).until(() -> frames.stream().anyMatch(kind::isInstance));
    return kind.cast(frames.stream().filter(kind::isInstance).findFirst().orElseThrow());
  }

  /** What has come of one stream. */
  ByteString bytes(StdStream of) {
    return frames.stream()
        .filter(frame -> frame instanceof Frame.Output output && output.stream() == of)
        .map(frame -> ((Frame.Output) frame).data())
        .reduce(ByteString.EMPTY, ByteString::concat);
  }

  String stdout() {
    return bytes(StdStream.STDOUT).toStringUtf8();
  }
}
