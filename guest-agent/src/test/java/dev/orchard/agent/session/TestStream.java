package dev.orchard.agent.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.Refused;
import dev.orchard.proto.guest.v1.Stored;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A worker's end of one attachment, which the test drives step by step. */
final class TestStream implements ClientResponseObserver<ExecInput, ExecOutput> {
  /** So that a test that waits in vain fails; nothing is measured by it. */
  private static final long PATIENCE_SECONDS = 60;

  private sealed interface Event {
    record Output(ExecOutput output) implements Event {}

    record Closed(Status status) implements Event {}
  }

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private @Nullable ClientCallStreamObserver<ExecInput> input;

  TestStream(GuestAgentGrpc.GuestAgentStub stub, ExecInput first) {
    stub.exec(this);
    send(first);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<ExecInput> requests) {
    input = requests;
  }

  @Override
  public void onNext(ExecOutput output) {
    events.add(new Event.Output(output));
  }

  @Override
  public void onError(Throwable error) {
    events.add(new Event.Closed(Status.fromThrowable(error)));
  }

  @Override
  public void onCompleted() {
    events.add(new Event.Closed(Status.OK));
  }

  private ClientCallStreamObserver<ExecInput> input() {
    return Objects.requireNonNull(input);
  }

  void send(ExecInput message) {
    input().onNext(message);
  }

  void send(Frame.In frame) {
    send(ExecInput.newBuilder().setFrame(ProtoFrames.encode(frame)).build());
  }

  void stdin(long offset, String text, boolean eof) {
    send(new Frame.Stdin(offset, ByteString.copyFromUtf8(text), eof));
  }

  void stored(long offset, boolean exit) {
    Stored stored = Stored.newBuilder().setOffset(offset).setExit(exit).build();
    send(ExecInput.newBuilder().setStored(stored).build());
  }

  void halfClose() {
    input().onCompleted();
  }

  void cut() {
    input().cancel("cut", null);
  }

  /** Whether more has come already. */
  boolean waiting() {
    return !events.isEmpty();
  }

  private Event next() throws InterruptedException {
    Event event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("nothing came for " + PATIENCE_SECONDS + " s");
    }
    return event;
  }

  ExecOutput output() throws InterruptedException {
    return switch (next()) {
      case Event.Output(ExecOutput output) -> output;
      case Event.Closed(Status status) -> throw new AssertionError("closed: " + status);
    };
  }

  /** How the stream ended; output before it is passed over. */
  Status closed() throws InterruptedException {
    while (true) {
      if (next() instanceof Event.Closed(Status status)) {
        return status;
      }
    }
  }

  /** The first output: what stdin's pipe has taken. */
  long attached() throws InterruptedException {
    ExecOutput output = output();
    if (!output.hasAttached()) {
      throw new AssertionError("not attached: " + output);
    }
    return output.getAttached().getStdinOffset();
  }

  Refused refused() throws InterruptedException {
    return output().getRefused();
  }

  Frame.Out frame() throws InterruptedException {
    return (Frame.Out) ProtoFrames.decode(output().getFrame());
  }

  <F extends Frame.Out> F frame(Class<F> type) throws InterruptedException {
    Frame.Out frame = frame();
    if (!type.isInstance(frame)) {
      throw new AssertionError("not " + type.getSimpleName() + ": " + frame);
    }
    return type.cast(frame);
  }

  /** Reads on until everything that came of stdout ends in a text. */
  String until(String end) throws InterruptedException {
    StringBuilder text = new StringBuilder();
    while (text.lastIndexOf(end) != text.length() - end.length() || text.length() < end.length()) {
      if (frame() instanceof Frame.Output output) {
        text.append(output.data().toString(StandardCharsets.UTF_8));
      }
    }
    return text.toString();
  }

  /** Reads to the exit, telling the agent that everything is stored as it comes. */
  Outcome finish() throws InterruptedException {
    ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    while (true) {
      switch (frame()) {
        case Frame.Output(StdStream stream, long offset, ByteString data) -> {
          (stream == StdStream.STDOUT ? stdout : stderr).writeBytes(data.toByteArray());
          stored(offset + data.size(), false);
        }
        case Frame.Exit exit -> {
          return new Outcome(exit, stdout.toByteArray(), stderr.toByteArray());
        }
        case Frame.Started _, Frame.Ack _, Frame.Heartbeat _ -> {}
        case Frame.Gap gap -> throw new AssertionError(gap);
        case Frame.Failure failure -> throw new AssertionError(failure);
      }
    }
  }

  /** What a session came to, with what was printed since its reader attached. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares outcomes.
  record Outcome(Frame.Exit exit, byte[] stdout, byte[] stderr) {
    String text() {
      return new String(stdout, StandardCharsets.UTF_8);
    }

    String errorText() {
      return new String(stderr, StandardCharsets.UTF_8);
    }
  }
}
