package dev.orchard.controller.orchard;

import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Target;
import dev.orchard.crds.vmexec.OutputStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one client of a named session is sent: what is printed from the moment of its joining, and
 * on demand what was printed before, both cursors into the session's log.
 *
 * <ol>
 *   <li>Who joins is placed at the log's end, which the worker tells; who started the session at
 *       its beginning.
 *   <li>History reads from where the client asks up to where it has been sent everything, and then
 *       a marker goes out.
 *   <li>The exit stands behind the last byte. To who joins later it is history too.
 *   <li>Behind the exit the stream stays open, until the session is forgotten.
 * </ol>
 *
 * <p>One thread reads; {@link #wake}, {@link #history} and {@link #forget} are anybody's.
 */
final class NamedSession implements FrameStream {
  /** Behind every log's end. */
  private static final long AT_THE_END = Long.MAX_VALUE;

  private static final int MAX_ASKED = 64;
  private static final Logger log = LoggerFactory.getLogger(NamedSession.class);

  /** What all named sessions share. */
  record Parts(Sessions sessions, SessionWriter writer, SharedInputs inputs) {}

  private final Sessions sessions;
  private final VMExec exec;
  private final Semaphore wakeUps = new Semaphore(0);
  private final BlockingQueue<Long> asked = new ArrayBlockingQueue<>(MAX_ASKED);
  private final SharedInput input;
  private final SessionWriter writer;
  private final List<Runnable> onClose = new CopyOnWriteArrayList<>();
  private final AtomicBoolean leaving = new AtomicBoolean();
  private volatile @Nullable FrameStream live;
  private volatile @Nullable FrameStream past;
  private volatile boolean closed;
  private volatile boolean forgotten;

  // The reading thread's own.
  private @Nullable FrameStream current;
  private long pastFrom;

  /** All from here to {@link #sentTo} was sent. */
  private long sentFrom;

  private long sentTo;
  private boolean placed;
  private boolean exitSent;
  private boolean markerDue;

  /**
   * @param live absent: it has ended
   * @param placed {@code live} begins where the client has to begin
   */
  private NamedSession(Parts parts, VMExec exec, @Nullable FrameStream live, boolean placed) {
    this.sessions = parts.sessions;
    this.writer = parts.writer;
    this.input = parts.inputs.join(exec);
    this.onClose.add(() -> parts.inputs.leave(exec));
    this.exec = exec;
    this.live = live;
    this.placed = placed;
  }

  /** Of a client that has just started it: all that comes is for it. */
  static NamedSession started(Parts parts, VMExec exec, FrameStream fromTheBeginning) {
    return new NamedSession(parts, exec, fromTheBeginning, true);
  }

  /** Of a client that joins. */
  static NamedSession joined(Parts parts, VMExec exec) throws InterruptedException {
    VMExecStatus status = exec.statusOrEmpty();
    if (!status.ended()) {
      // Only to be told where the log ends: it does not count for what is kept of it.
      FrameStream end = parts.sessions.attach(exec, AttachOptions.reader(AT_THE_END, false));
      return new NamedSession(parts, exec, end, false);
    }
    NamedSession over = new NamedSession(parts, exec, null, true);
    over.sentFrom = AT_THE_END;
    OutputStatus output = status.output();
    over.sentTo = output == null ? 0 : output.stdoutBytes() + output.stderrBytes();
    return over;
  }

  /** The client asks for what lies behind a watermark. False if it asks too often. */
  boolean history(long watermark) {
    boolean taken = asked.offer(watermark);
    wake();
    return taken;
  }

  /** The session is no more. */
  void forget() {
    forgotten = true;
    wake();
  }

  /** Runs once this client has gone. To be called before it is read from. */
  void onClose(Runnable action) {
    onClose.add(action);
  }

  boolean takesInput() {
    return !input.hasEnded();
  }

  /** Whether all that was asked for has been sent; asks once. */
  boolean takeMarker() {
    boolean due = markerDue;
    markerDue = false;
    return due;
  }

  /** The newest watermark that the client was sent, or may take for sent. */
  long newest() {
    return live == null ? sentTo + 1 : sentTo;
  }

  @Override
  public Next next(Duration patience) throws InterruptedException {
    try {
      return forgotten ? new Next.Over() : nextOf(patience);
    } catch (ApiException e) {
      return new Next.Arrived(new Frame.Failure(ErrorCode.WORKER_UNREACHABLE, e.detail()));
    }
  }

  private Next nextOf(Duration patience) throws InterruptedException {
    if (placed && past == null) {
      Long watermark = asked.poll();
      if (watermark != null) {
        openPast(watermark);
      }
    }
    FrameStream reading = past;
    if (reading != null) {
      return fromPast(reading, patience);
    }
    if (markerDue) {
      return new Next.Nothing();
    }
    FrameStream now = live;
    if (now == null) {
      var _ = wakeUps.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS);
      wakeUps.drainPermits();
      return new Next.Nothing();
    }
    current = now;
    return switch (now.next(patience)) {
      case Next.Nothing() -> new Next.Nothing();
      // Nothing has been printed where it joins.
      case Next.Over() -> joinAt(now, 0);
      case Next.Arrived(Frame.Out frame) -> fromLive(now, frame);
    };
  }

  private Next joinAt(FrameStream before, long offset) throws InterruptedException {
    before.close();
    live = sessions.attach(exec, AttachOptions.reader(offset, true));
    if (!placed) {
      placed = true;
      sentFrom = offset;
    }
    sentTo = offset;
    return new Next.Nothing();
  }

  private Next fromLive(FrameStream now, Frame.Out frame) throws InterruptedException {
    switch (frame) {
      case Frame.Failure failure when failure.code() == ErrorCode.OFFSET_AHEAD_OF_LOG -> {
        // Where it joins; or its host lost power, and with it the last moments of the log.
        return joinAt(now, failure.end());
      }
      case Frame.Output output -> sentTo = OrchardFrames.end(output);
      case Frame.Gap gap -> sentTo = gap.to();
      case Frame.Exit exit -> {
        live = null;
        exitSent(exit);
      }
      case Frame.Failure _, Frame.Started _, Frame.Ack _, Frame.Heartbeat _ -> {}
    }
    return new Next.Arrived(frame);
  }

  private void exitSent(Frame.Exit exit) {
    exitSent = true;
    placed = true;
    sentTo = OrchardFrames.end(exit) - 1;
  }

  private void openPast(long watermark) throws InterruptedException {
    pastFrom = watermark;
    if (pastFrom >= sentFrom && (exitSent || live != null)) {
      markerDue = true;
      return;
    }
    past = sessions.attach(exec, AttachOptions.reader(pastFrom, false));
  }

  private Next fromPast(FrameStream reading, Duration patience) throws InterruptedException {
    current = reading;
    return switch (reading.next(patience)) {
      case Next.Nothing() -> new Next.Nothing();
      case Next.Over() -> pastSent(reading);
      case Next.Arrived(Frame.Output output) when output.offset() < sentFrom -> {
        long missing = Math.min(output.data().size(), sentFrom - output.offset());
        ByteString data = output.data().substring(0, (int) missing);
        Frame.Output part = new Frame.Output(output.stream(), output.offset(), data);
        sentTo = Math.max(sentTo, OrchardFrames.end(part));
        yield new Next.Arrived(part);
      }
      case Next.Arrived(Frame.Exit exit) when !exitSent && hasAllBefore(exit) -> {
        pastSent(reading);
        endLive();
        exitSent(exit);
        yield pastFrom <= sentTo ? new Next.Arrived(exit) : new Next.Nothing();
      }
      case Next.Arrived(Frame.Failure failure)
          when failure.code() != ErrorCode.OFFSET_AHEAD_OF_LOG -> {
        pastSent(reading);
        yield new Next.Arrived(failure);
      }
      case Next.Arrived(Frame.Started _),
          Next.Arrived(Frame.Gap _),
          Next.Arrived(Frame.Ack _),
          Next.Arrived(Frame.Heartbeat _) -> {
        reading.done();
        yield new Next.Nothing();
      }
      case Next.Arrived(Frame.Output _),
          Next.Arrived(Frame.Exit _),
          Next.Arrived(Frame.Failure _) ->
          pastSent(reading);
    };
  }

  /** Whether nothing but the exit is still to come: it ended while the client was joining. */
  private boolean hasAllBefore(Frame.Exit exit) {
    return live == null || sentTo == OrchardFrames.end(exit) - 1;
  }

  private void endLive() {
    FrameStream now = live;
    live = null;
    if (now != null) {
      now.close();
    }
  }

  private Next pastSent(FrameStream reading) {
    reading.close();
    past = null;
    sentFrom = Math.min(sentFrom, pastFrom);
    markerDue = true;
    return new Next.Nothing();
  }

  @Override
  public void done() {
    if (current != null) {
      current.done();
    }
  }

  /** Its offset is of no account: all clients' input is one sequence. */
  @Override
  public boolean send(Frame.In frame, Duration patience) throws InterruptedException {
    switch (frame) {
      case Frame.Stdin stdin -> input.write(stdin.data(), () -> closed);
      case Frame.Resize resize -> pass(resize);
      case Frame.Signal _, Frame.Detach _, Frame.Heartbeat _ -> {}
    }
    return true;
  }

  private void pass(Frame.Resize resize) throws InterruptedException {
    try {
      writer.pass(new Target.Recorded(exec), resize);
    } catch (ApiException e) {
      log.debug("resize was not taken: {}", e.detail());
    }
  }

  @Override
  public void wake() {
    wakeUps.release();
    FrameStream now = live;
    if (now != null) {
      now.wake();
    }
  }

  @Override
  public void close() {
    closed = true;
    Stream.of(Optional.ofNullable(live), Optional.ofNullable(past))
        .flatMap(Optional::stream)
        .forEach(FrameStream::close);
    if (leaving.compareAndSet(false, true)) {
      onClose.forEach(Runnable::run);
    }
  }
}
