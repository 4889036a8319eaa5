package dev.orchard.worker.session;

import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.log.Cursor;
import dev.orchard.exec.log.Read;
import dev.orchard.exec.log.SessionLog;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader or writer of a session: a cursor into its log, and a thread that sends what lies
 * before the cursor whenever the peer is ready. A slow peer falls behind in the log and holds up
 * nobody.
 */
final class Attachment implements Peer.Listener {
  private static final Logger logger = LoggerFactory.getLogger(Attachment.class);

  /** DESIGN's heartbeat. */
  static final Duration SILENCE = Duration.ofSeconds(15);

  private sealed interface Next {
    record Send(Frame.Out frame) implements Next {}

    record SendLast(Frame.Out frame) implements Next {}

    record Leave() implements Next {}

    record Wait() implements Next {}
  }

  private final Session session;
  private final AttachRequest request;
  private final Peer.Opener opener;
  private final Semaphore wakeUps = new Semaphore(0);
  private final AtomicReference<Frame.@Nullable Ack> ack = new AtomicReference<>();
  private volatile Frame.@Nullable Failure failure;
  private volatile boolean peerGone;
  private volatile boolean leaving;

  /** The session's view is that of one whose log is open, if it has one. */
  private volatile boolean admitted;

  private volatile boolean done;
  private volatile @Nullable Peer peer;
  private volatile long position;

  // The attachment's thread only.
  private boolean startedSent;
  private long sentAt = System.nanoTime();
  private @Nullable Cursor cursor;
  private long until = Long.MAX_VALUE;

  Attachment(Session session, AttachRequest request, Peer.Opener opener) {
    this.session = session;
    this.request = request;
    this.opener = opener;
    this.position = request.from();
  }

  void start() {
    Thread.ofVirtual().name("attachment-" + session.uid()).start(this::run);
  }

  AttachRequest request() {
    return request;
  }

  /** Offset up to which it was sent the log. */
  long position() {
    return position;
  }

  /** Lets the peer send its next frame. */
  void more() {
    Peer open = peer;
    if (open != null) {
      open.more();
    }
  }

  /** A later ack says all that an earlier one did. */
  void ack(Frame.Ack newest) {
    ack.set(newest);
    wake();
  }

  /** Ends it with a reason for the peer. */
  void fail(Frame.Failure why) {
    failure = why;
    wake();
  }

  @Override
  public void wake() {
    wakeUps.release();
  }

  @Override
  public void received(Frame.In frame) throws InterruptedException {
    session.fromPeer(this, frame);
  }

  @Override
  public void invalid(String why) {
    fail(new Frame.Failure(ErrorCode.INVALID_FRAME, why));
  }

  @Override
  public void closed() {
    peerGone = true;
    wake();
  }

  /** The session counts it among its own: it may read. */
  void admit() {
    admitted = true;
    wake();
  }

  /** It has done what it came for; a failure that was told before goes out first. */
  void done() {
    done = true;
    wake();
  }

  /** Ends it without a word: the session is not served here any more. */
  void leave() {
    leaving = true;
    wake();
  }

  private void run() {
    Peer open;
    try {
      open = opener.open(this);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    peer = open;
    try {
      session.attached(this);
      serve(open);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      logger.error("log cannot be read session={}", session.uid(), e);
      open.send(
          new Frame.Failure(
              ErrorCode.INTERNAL, "the log of session " + session.uid() + " cannot be read"));
    } finally {
      end(open);
    }
  }

  private void end(Peer open) {
    if (!peerGone) {
      open.complete();
    }
    try {
      if (cursor != null) {
        cursor.close();
      }
      session.detached(this);
    } catch (IOException e) {
      logger.warn("cursor was not closed session={}", session.uid(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Peer open) throws IOException, InterruptedException {
    while (!peerGone && !leaving) {
      if (!open.isReady() || (!admitted && failure == null)) {
        await(SILENCE);
        continue;
      }
      switch (next()) {
        case Next.Send(Frame.Out frame) -> send(open, frame);
        case Next.SendLast(Frame.Out frame) -> {
          open.send(frame);
          return;
        }
        case Next.Leave() -> {
          return;
        }
        case Next.Wait() -> {
          Duration silent = Duration.ofNanos(System.nanoTime() - sentAt);
          if (silent.compareTo(SILENCE) < 0) {
            await(SILENCE.minus(silent));
          } else {
            send(open, new Frame.Heartbeat(""));
          }
        }
      }
    }
  }

  private void send(Peer open, Frame.Out frame) {
    open.send(frame);
    sentAt = System.nanoTime();
  }

  private void await(Duration longest) throws InterruptedException {
    var _ = wakeUps.tryAcquire(longest.toNanos(), TimeUnit.NANOSECONDS);
    wakeUps.drainPermits();
  }

  private Next next() throws IOException {
    Frame.Failure failed = failure;
    if (failed != null) {
      return new Next.SendLast(failed);
    }
    if (done) {
      return new Next.Leave();
    }
    // Before the log: with an exit in the view, nothing is appended any more.
    Session.View view = session.view();
    if (request.output() && !startedSent) {
      if (view.started() == null) {
        return atEnd(view);
      }
      startedSent = true;
      return new Next.Send(view.started());
    }
    Frame.Ack taken = ack.getAndSet(null);
    if (taken != null) {
      return new Next.Send(taken);
    }
    if (!request.output()) {
      return view.exit() == null ? new Next.Wait() : new Next.Leave();
    }
    SessionLog log = view.log();
    return log == null ? atEnd(view) : output(log, view);
  }

  private Next output(SessionLog log, Session.View view) throws IOException {
    Cursor reading = cursor;
    if (reading == null) {
      long end = log.end();
      if (request.from() > end) {
        return new Next.SendLast(Frame.Failure.aheadOfLog(request.from(), end));
      }
      reading = log.cursor(request.from());
      cursor = reading;
      until = request.untilNow() ? end : Long.MAX_VALUE;
    }
    if (reading.offset() >= until) {
      return atEnd(view);
    }
    Read read = reading.read((int) Math.min(Frame.MAX_DATA, until - reading.offset()));
    position = reading.offset();
    return switch (read) {
      case Read.Chunk chunk ->
          new Next.Send(new Frame.Output(chunk.stream(), chunk.offset(), chunk.data()));
      case Read.Gap gap -> new Next.Send(new Frame.Gap(gap.from(), gap.to()));
      case Read.AtEnd() -> atEnd(view);
    };
  }

  private Next atEnd(Session.View view) {
    Frame.Exit exit = view.exit();
    if (exit != null) {
      return new Next.SendLast(exit);
    }
    return request.untilNow() ? new Next.Leave() : new Next.Wait();
  }
}
