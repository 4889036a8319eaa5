package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A session on its worker: started at most once, ended once, every byte of output into the log
 * once.
 *
 * <ul>
 *   <li>{@code WAITING} → {@code INTENDED}: the guest of the bound boot is there; the intent with
 *       its fence is journalled before the start goes out.
 *   <li>{@code INTENDED} → {@code RUNNING}: the guest says that the process runs.
 *   <li>any → {@code FINISHED}: the guest reports the exit; or it is certain that nothing was
 *       started; or the fence has changed, which is {@code Lost}. Absorbs.
 * </ul>
 *
 * <p>After a restart of the daemon the phase comes from the journal and the guest is asked by an
 * attach; only the same instance's "never heard of it" leads to another start. Driven by one
 * thread; times are Unix milliseconds.
 */
public final class WorkerSession {
  /** How long {@link DisconnectPolicy#TERMINATE} waits for a foreground reader. DESIGN's lease. */
  public static final Duration LEASE = Duration.ofSeconds(60);

  /** The guest is told what is stored after this many bytes: a fraction of what it may hold. */
  static final int STORED_STEP = AgentSession.BUFFER_BYTES / 16;

  private static final int MAX_VIOLATIONS = 3;

  private final SessionRules rules;
  private final ByteString spec;
  private final WriterStdin stdin;
  private final Deadlines deadlines;
  private final SessionHistory history = new SessionHistory();
  private final List<SessionAction> actions = new ArrayList<>();
  private final LogBytes log = new LogBytes();
  private final Undelivered undelivered = new Undelivered();

  private boolean starting;
  private boolean attached;
  private boolean guestReleased;
  private long storedTold;
  private int violations;
  private @Nullable Termination termination;
  private long now;

  private WorkerSession(SessionRules rules, ByteString spec, long now, boolean stdinOffsetKnown) {
    this.rules = rules;
    this.spec = spec;
    this.stdin = new WriterStdin(rules.stdin(), stdinOffsetKnown);
    this.now = now;
    this.deadlines = new Deadlines(rules, now);
  }

  /**
   * A session that this worker was just told of.
   *
   * @param spec what runs, for the journal; opaque here
   */
  public static WorkerSession dispatched(SessionRules rules, ByteString spec, long now) {
    return new WorkerSession(rules, spec, now, true);
  }

  /**
   * A session that an earlier run of the daemon left.
   *
   * @param rules as they follow from the spec in the journal
   * @param records the journal
   * @param stdoutBytes what the log holds of stdout, evicted segments included
   */
  public static WorkerSession recovered(
      SessionRules rules,
      List<JournalRecord> records,
      long stdoutBytes,
      long stderrBytes,
      long now) {
    WorkerSession session = new WorkerSession(rules, ByteString.EMPTY, now, false);
    session.log.add(StdStream.STDOUT, stdoutBytes);
    session.log.add(StdStream.STDERR, stderrBytes);
    records.forEach(session.history::apply);
    if (session.history.detached()) {
      session.deadlines.lease().waive();
    }
    JournalRecord.Ending ending = session.history.ending();
    if (ending != null) {
      session.termination = new Termination(ending.reason(), ending.message(), now);
    }
    return session;
  }

  /**
   * Takes one event and says what is to be done, in order.
   *
   * @param nowMillis Unix time; a clock that steps back is held
   */
  public List<SessionAction> step(SessionEvent event, long nowMillis) {
    long elapsed = Math.max(0, nowMillis - now);
    now += elapsed;
    actions.clear();
    switch (event) {
      case SessionEvent.GuestReady(Fence fence) -> guestReady(fence);
      case SessionEvent.GuestLost() -> guestLost();
      case SessionEvent.VmGone(String why) -> vmGone(why);
      case SessionEvent.BootUnknown(String why) -> lost(why);
      case SessionEvent.GuestAttached(long taken, long received) -> guestAttached(taken, received);
      case SessionEvent.GuestRefused refused -> guestRefused(refused.reason(), refused.message());
      case SessionEvent.GuestClosed() -> guestClosed();
      case SessionEvent.FromGuest(Frame.Out frame) -> fromGuest(frame);
      case SessionEvent.WriterAttached() -> writerAttached();
      case SessionEvent.FromWriter(Frame.In frame) -> fromWriter(frame);
      case SessionEvent.Foreground(int attachments) -> deadlines.lease().held(attachments > 0);
      case SessionEvent.KubernetesReachable api -> deadlines.lease().reachable(api.reachable());
      case SessionEvent.Cancel(ExitReason reason, String message) -> cancel(reason, message);
      case SessionEvent.OutcomeAcknowledged() -> acknowledge();
      case SessionEvent.Tick() -> tick(elapsed);
    }
    return List.copyOf(actions);
  }

  private void write(JournalRecord record) {
    history.apply(record);
    actions.add(new SessionAction.Write(record));
  }

  private void guestLost() {
    attached = false;
    stdin.disconnected();
  }

  private void guestClosed() {
    guestReleased = phase() == SessionPhase.FINISHED;
    guestLost();
  }

  private void guestReady(Fence fence) {
    guestLost();
    Fence asked = history.intent();
    if (asked == null) {
      if (phase() == SessionPhase.FINISHED) {
        return;
      }
      if (!fence.bootId().equals(rules.bootId())) {
        lost("the VM was started anew after the session was bound to it");
        return;
      }
      write(new JournalRecord.Intent(spec, fence.bootId(), fence.instance()));
      writeDetached();
      actions.add(new SessionAction.Report());
      starting = true;
      actions.add(new SessionAction.Start());
    } else if (fence.equals(asked)) {
      starting = false;
      if (phase() != SessionPhase.FINISHED || !guestReleased) {
        attach();
      }
    } else {
      lost(
          fence.bootId().equals(asked.bootId())
              ? "the guest agent was restarted"
              : "the VM was started anew");
    }
  }

  private void vmGone(String why) {
    if (phase() == SessionPhase.WAITING) {
      startFailed(why);
    } else {
      lost(why);
    }
  }

  /** So that the guest forgets stdin; one that is not attached is attached to anyway. */
  private void attachAgain() {
    if (attached) {
      guestLost();
      attach();
    }
  }

  private void attach() {
    actions.add(new SessionAction.Attach(logEnd(), stdin.dropping()));
  }

  private void guestAttached(long stdinOffset, long stdinReceived) {
    attached = true;
    if (phase() == SessionPhase.FINISHED) {
      releaseGuest();
      return;
    }
    Optional<Frame.Ack> taken = stdin.resume(stdinOffset, stdinReceived);
    if (taken.isEmpty()) {
      attachAgain();
      return;
    }
    actions.add(new SessionAction.ToWriter(taken.get()));
    undelivered.take().forEach(frame -> actions.add(new SessionAction.ToGuest(frame)));
    if (termination != null) {
      termination.streamReset();
    }
    stdin.toSend().forEach(frame -> actions.add(new SessionAction.ToGuest(frame)));
    terminate();
  }

  private void guestRefused(RefusalReason reason, String message) {
    attached = false;
    switch (phase()) {
      case WAITING -> {}
      case FINISHED -> guestReleased = true;
      case RUNNING -> lost(message);
      case INTENDED -> {
        switch (reason) {
          case UNKNOWN_SESSION -> neverStarted();
          case OTHER_INSTANCE, FORGOTTEN_SESSION -> lost(message);
          case INVALID_INPUT, TOO_MANY_SESSIONS -> {
            if (starting) {
              startFailed(message);
            } else {
              lost(message);
            }
          }
        }
      }
    }
  }

  /** The very instance that was asked says that it was not: the start may be repeated. */
  private void neverStarted() {
    Termination end = termination;
    if (end != null) {
      finish(end.withoutProcess());
    } else if (deadlines.startOver(now)) {
      startFailed(deadlines.startOverMessage());
    } else {
      starting = true;
      actions.add(new SessionAction.Start());
    }
  }

  private void fromGuest(Frame.Out frame) {
    if (phase() == SessionPhase.FINISHED) {
      return;
    }
    switch (frame) {
      case Frame.Started started -> started(started.pid());
      case Frame.Output output -> output(output);
      case Frame.Ack(long stdinOffset) -> {
        if (stdin.acknowledged(stdinOffset)) {
          actions.add(new SessionAction.ToWriter(new Frame.Ack(stdinOffset)));
        } else {
          violation("it took stdin that it was not sent");
        }
      }
      case Frame.Exit end -> guestExit(end);
      case Frame.Failure failure -> stdinRefused(failure);
      case Frame.Heartbeat heartbeat -> {}
      case Frame.Gap gap -> violation("it lost output");
    }
  }

  private void started(long pid) {
    if (phase() == SessionPhase.INTENDED) {
      deadlines.active(now);
      write(new JournalRecord.Started(pid, now));
      actions.add(new SessionAction.Report());
      terminate();
    }
  }

  private void output(Frame.Output output) {
    if (phase() != SessionPhase.RUNNING || output.offset() > logEnd()) {
      violation("output at offset " + output.offset() + " after " + logEnd());
      return;
    }
    if (output.end() <= logEnd()) {
      return;
    }
    ByteString fresh = output.data().substring((int) (logEnd() - output.offset()));
    actions.add(new SessionAction.Append(output.stream(), fresh));
    log.add(output.stream(), fresh.size());
    deadlines.active(now);
    if (logEnd() - storedTold >= STORED_STEP) {
      storedTold = logEnd();
      actions.add(new SessionAction.Stored(storedTold, false));
    }
  }

  private void guestExit(Frame.Exit end) {
    boolean inOrder =
        switch (end.reason()) {
          case EXITED, SIGNALED -> phase() == SessionPhase.RUNNING;
          case START_FAILED -> phase() == SessionPhase.INTENDED;
          case TIMED_OUT, IDLE_TIMED_OUT, CANCELLED, OUTPUT_LIMIT, LOST -> false;
        };
    if (!inOrder) {
      violation("it sent an exit with reason " + end.reason());
    } else if (!log.isAllOf(end)) {
      lost(
          "the guest agent counted %d and %d bytes of output, %s arrived"
              .formatted(end.stdoutBytes(), end.stderrBytes(), log));
    } else {
      finish(termination == null ? end : termination.outcome(end));
    }
  }

  /** The guest is not trusted to keep the protocol, nor for ever given another chance. */
  private void violation(String what) {
    violations++;
    guestLost();
    actions.add(new SessionAction.CloseGuest());
    if (violations >= MAX_VIOLATIONS) {
      lost("the guest agent broke the protocol: " + what);
    } else {
      starting = false;
      attach();
    }
  }

  /** The writer's fault, such as stdin behind an end that only the agent remembers. */
  private void stdinRefused(Frame.Failure why) {
    if (stdin.refused()) {
      guestLost();
      actions.add(new SessionAction.ToWriter(why));
      attach();
    } else {
      violation(why.message());
    }
  }

  private void writerAttached() {
    if (phase() == SessionPhase.FINISHED) {
      return;
    }
    stdin
        .writerAttached()
        .ifPresentOrElse(ack -> actions.add(new SessionAction.ToWriter(ack)), this::attachAgain);
  }

  private void fromWriter(Frame.In frame) {
    if (phase() == SessionPhase.FINISHED) {
      return;
    }
    switch (frame) {
      case Frame.Stdin input -> {
        deadlines.active(now);
        stdin.offer(input).ifPresent(f -> actions.add(new SessionAction.ToWriter(f)));
        stdin.toSend().forEach(part -> actions.add(new SessionAction.ToGuest(part)));
      }
      case Frame.Resize resize when rules.tty() -> deliver(resize);
      case Frame.Resize resize -> refuse("resize: the session was started without a TTY");
      case Frame.Signal signal -> deliver(signal);
      case Frame.Detach detach -> {
        deadlines.lease().waive();
        writeDetached();
      }
      case Frame.Heartbeat heartbeat -> {}
    }
  }

  /** Not before the intent, which is the first that a journal says of what may run. */
  private void writeDetached() {
    if (deadlines.lease().isWaived() && phase() != SessionPhase.WAITING && !history.detached()) {
      write(new JournalRecord.Detached());
    }
  }

  private void deliver(Frame.In frame) {
    if (attached) {
      actions.add(new SessionAction.ToGuest(frame));
    } else if (!undelivered.add(frame)) {
      refuse("too many signals are waiting for the guest");
    }
  }

  private void refuse(String message) {
    actions.add(new SessionAction.ToWriter(new Frame.Failure(ErrorCode.INVALID_FRAME, message)));
  }

  private void cancel(ExitReason reason, String message) {
    if (phase() == SessionPhase.FINISHED || termination != null) {
      return;
    }
    Termination begun = new Termination(reason, message, now);
    termination = begun;
    if (phase() == SessionPhase.WAITING) {
      finish(begun.withoutProcess());
    } else {
      write(new JournalRecord.Ending(reason, message));
      terminate();
    }
  }

  private void terminate() {
    if (termination != null && attached && phase() == SessionPhase.RUNNING) {
      termination
          .due(now, rules.terminationGracePeriod().toMillis())
          .ifPresent(signal -> actions.add(new SessionAction.ToGuest(signal)));
    }
  }

  private void acknowledge() {
    if (phase() == SessionPhase.FINISHED && !history.acknowledged()) {
      write(new JournalRecord.Acknowledged());
    }
  }

  private void tick(long elapsed) {
    if (phase() == SessionPhase.FINISHED) {
      return;
    }
    deadlines.lease().elapsed(elapsed);
    if (phase() == SessionPhase.WAITING && deadlines.startOver(now)) {
      startFailed(deadlines.startOverMessage());
    }
    deadlines.leaseOver().ifPresent(e -> cancel(e.reason(), e.message()));
    if (phase() == SessionPhase.RUNNING) {
      deadlines.runOver(now, history.startedAt()).ifPresent(e -> cancel(e.reason(), e.message()));
      terminate();
    }
  }

  private void startFailed(String why) {
    finish(Frame.Exit.withoutProcess(null, ExitReason.START_FAILED, why));
  }

  private void lost(String why) {
    if (phase() != SessionPhase.FINISHED) {
      finish(log.lost(history.ran(now), why));
    }
  }

  private void finish(Frame.Exit outcome) {
    actions.add(new SessionAction.Sync());
    write(new JournalRecord.Exited(outcome, now));
    actions.add(new SessionAction.Report());
    if (attached) {
      releaseGuest();
    }
  }

  /** The agent answers by ending the stream; until then it is told again on every new one. */
  private void releaseGuest() {
    actions.add(new SessionAction.Stored(logEnd(), true));
  }

  public SessionPhase phase() {
    return history.phase();
  }

  /** The outcome, once it stands in the journal. */
  public Optional<Frame.Exit> exit() {
    return Optional.ofNullable(history.exit());
  }

  /** Whether a controller said that the outcome stands in the object. */
  public boolean isAcknowledged() {
    return history.acknowledged();
  }

  /** Offset at which the output ends that the log has been given. */
  public long logEnd() {
    return log.end();
  }

  public long bytes(StdStream stream) {
    return log.of(stream);
  }

  /** Whether the next frame of stdin has room; a writer is not read from until then. */
  public boolean wantsStdin() {
    return phase() == SessionPhase.FINISHED || stdin.hasRoom();
  }

  /** Of the process, inside the guest; 0 while it has not started. */
  public long pid() {
    return history.pid();
  }

  /** Unix milliseconds; 0 while it has not started. */
  public long startedAt() {
    return history.startedAt();
  }

  /** Unix milliseconds; 0 while it has not finished. */
  public long completedAt() {
    return history.completedAt();
  }
}
