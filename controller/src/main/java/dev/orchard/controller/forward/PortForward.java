package dev.orchard.controller.forward;

import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.worker.Attachment;
import dev.orchard.controller.worker.Delivery;
import dev.orchard.controller.worker.Rendezvous;
import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.forward.v1.FailureCode;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a port of a VM. What the program there sends comes as frames of {@code stdout},
 * and its end as the stream's; what goes to it are frames of {@code stdin}, whose {@code eof} is
 * the end of that half. A connection that breaks ends in a failure. Holds one frame at most that
 * its reader has not taken.
 */
public final class PortForward implements FrameStream {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private sealed interface Event {
    record FromWorker(Delivery<ForwardFrame> delivery) implements Event {}

    record Wake() implements Event {}
  }

  private final Attachment<ForwardFrame, ForwardFrame> attachment;
  private final String vm;
  private final int port;
  private final BlockingQueue<Event> inbox = new LinkedBlockingQueue<>();

  /** A client that pings and reads nothing must not fill the inbox. */
  private final AtomicBoolean woken = new AtomicBoolean();

  private long offset;

  PortForward(Rendezvous rendezvous, String worker, String vm, int port) {
    this.vm = vm;
    this.port = port;
    this.attachment =
        rendezvous.expectForward(worker, delivery -> inbox.add(new Event.FromWorker(delivery)));
  }

  String id() {
    return attachment.id();
  }

  /** Waits for the worker, then for what the guest says; 503 if there is no connection. */
  void awaitOpen(Duration patience) throws InterruptedException {
    ApiException refusal = refusal(patience);
    if (refusal != null) {
      close();
      throw refusal;
    }
    attachment.request();
  }

  private @Nullable ApiException refusal(Duration patience) throws InterruptedException {
    if (!(poll(patience) instanceof Event.FromWorker(Delivery.Opened<ForwardFrame>()))) {
      return ApiException.unavailable(
          "worker-unreachable",
          "worker %s did not answer: try again, or another replica".formatted(attachment.worker()),
          RETRY_AFTER);
    }
    attachment.request();
    // The worker gives the guest as long, and then says so.
    return switch (poll(patience.multipliedBy(2))) {
      case Event.FromWorker(Delivery.Arrived<ForwardFrame>(ForwardFrame.Opened())) -> null;
      case Event.FromWorker(
              Delivery.Arrived<ForwardFrame>(
                  ForwardFrame.Failed(FailureCode code, String message))) ->
          ApiException.unavailable(
              switch (code) {
                case REFUSED -> "port-refused";
                case UNREACHABLE -> "guest-unreachable";
                case TOO_MANY -> "too-many-connections";
                case BROKEN, INVALID, FAILURE_CODE_UNSPECIFIED, UNRECOGNIZED ->
                    "port-forward-failed";
              },
              "port %d of vm %s: %s".formatted(port, vm, message),
              RETRY_AFTER);
      case null, default ->
          ApiException.unavailable(
              "guest-unreachable",
              "worker %s did not connect to port %d of vm %s: try again"
                  .formatted(attachment.worker(), port, vm),
              RETRY_AFTER);
    };
  }

  private @Nullable Event poll(Duration patience) throws InterruptedException {
    return inbox.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public Next next(Duration patience) throws InterruptedException {
    return switch (poll(patience)) {
      case null -> new Next.Nothing();
      case Event.Wake() -> {
        woken.set(false);
        yield new Next.Nothing();
      }
      case Event.FromWorker(Delivery.Opened<ForwardFrame>()) -> new Next.Nothing();
      case Event.FromWorker(Delivery.Arrived<ForwardFrame>(ForwardFrame frame)) -> arrived(frame);
      case Event.FromWorker(Delivery.Ended<ForwardFrame>(String failure)) ->
          failure == null ? new Next.Over() : failed(failure);
    };
  }

  private Next arrived(ForwardFrame frame) {
    return switch (frame) {
      case ForwardFrame.Data(ByteString bytes) -> {
        Frame.Output output = new Frame.Output(StdStream.STDOUT, offset, bytes);
        offset += bytes.size();
        yield new Next.Arrived(output);
      }
      case ForwardFrame.HalfClose() -> new Next.Over();
      case ForwardFrame.Failed(_, String message) -> failed(message);
      case ForwardFrame.Opened() -> failed("the worker connected twice");
    };
  }

  private static Next failed(String why) {
    return new Next.Arrived(new Frame.Failure(ErrorCode.WORKER_UNREACHABLE, why));
  }

  @Override
  public void done() {
    attachment.request();
  }

  /** Anything but stdin says nothing here. */
  @Override
  public boolean send(Frame.In frame, Duration patience) throws InterruptedException {
    if (!(frame instanceof Frame.Stdin(_, ByteString data, boolean eof))) {
      return true;
    }
    return (data.isEmpty() || attachment.send(new ForwardFrame.Data(data), patience))
        && (!eof || attachment.send(new ForwardFrame.HalfClose(), patience));
  }

  @Override
  public void wake() {
    if (!woken.getAndSet(true)) {
      inbox.add(new Event.Wake());
    }
  }

  @Override
  public void close() {
    attachment.close();
  }
}
