package dev.orchard.controller.session;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.worker.Attachment;
import dev.orchard.controller.worker.Delivery;
import dev.orchard.controller.worker.Rendezvous;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An attachment to a session on its worker. The next frame is asked for only when the one before
 * was taken and dealt with, so that a reader who stops holds nothing here but one frame. A stream
 * that breaks ends in an error of ours.
 */
final class SessionStream implements FrameStream {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private sealed interface Event {
    record FromWorker(Delivery<Frame.Out> delivery) implements Event {}

    record Wake() implements Event {}

    record Drain() implements Event {}
  }

  private final Attachment<Frame.In, Frame.Out> attachment;
  private final BlockingQueue<Event> inbox = new LinkedBlockingQueue<>();

  /** A client that pings and reads nothing must not fill the inbox. */
  private final AtomicBoolean woken = new AtomicBoolean();

  private final @Nullable StoredOutcome stored;
  private final boolean mayEnd;
  private final OpenStreams open;
  private boolean gone;

  /**
   * @param mayEnd a regular end without exit or error is no failure
   * @param stored what to say of an ended session that its worker has forgotten
   */
  SessionStream(
      Rendezvous rendezvous,
      String worker,
      boolean mayEnd,
      @Nullable StoredOutcome stored,
      OpenStreams open) {
    this.mayEnd = mayEnd;
    this.stored = stored;
    this.open = open;
    this.attachment =
        rendezvous.expect(worker, delivery -> inbox.add(new Event.FromWorker(delivery)));
  }

  String id() {
    return attachment.id();
  }

  /** Waits for the worker to answer; 503 if it does not. */
  void awaitOpen(Duration patience) throws InterruptedException {
    Event first = inbox.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    if (!(first instanceof Event.FromWorker(Delivery.Opened<Frame.Out>()))) {
      close();
      throw ApiException.unavailable(
          "worker-unreachable",
          "worker %s did not answer: try again, or another replica".formatted(attachment.worker()),
          RETRY_AFTER);
    }
    attachment.request();
    open.add(this);
  }

  /** This replica goes away: the client hears of it next. Any thread. */
  void drain() {
    inbox.add(new Event.Drain());
  }

  @Override
  public Next next(Duration patience) throws InterruptedException {
    if (stored != null && gone) {
      return stored.next(patience);
    }
    Event event = inbox.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    return switch (event) {
      case null -> new Next.Nothing();
      case Event.Wake() -> {
        woken.set(false);
        yield new Next.Nothing();
      }
      case Event.Drain() ->
          new Next.Arrived(
              new Frame.Failure(
                  ErrorCode.DRAINING,
                  "this replica is going away: attach again, another one goes on"));
      case Event.FromWorker(Delivery.Opened<Frame.Out>()) -> new Next.Nothing();
      case Event.FromWorker(Delivery.Arrived<Frame.Out>(Frame.Out frame)) ->
          arrived(frame, patience);
      case Event.FromWorker(Delivery.Ended<Frame.Out>(String failure)) -> ended(failure);
    };
  }

  private Next arrived(Frame.Out frame, Duration patience) {
    gone = frame instanceof Frame.Failure(ErrorCode code, _, _) && code == ErrorCode.SESSION_GONE;
    return gone && stored != null ? stored.next(patience) : new Next.Arrived(frame);
  }

  private Next ended(@Nullable String failure) {
    if (failure == null && mayEnd) {
      return new Next.Over();
    }
    return new Next.Arrived(
        new Frame.Failure(
            ErrorCode.WORKER_UNREACHABLE,
            failure == null ? "the worker ended the stream: attach again" : failure));
  }

  @Override
  public void done() {
    attachment.request();
  }

  @Override
  public boolean send(Frame.In frame, Duration patience) throws InterruptedException {
    return attachment.send(frame, patience);
  }

  @Override
  public void wake() {
    if (!woken.getAndSet(true)) {
      inbox.add(new Event.Wake());
    }
  }

  @Override
  public void close() {
    open.remove(this);
    attachment.close();
  }
}
