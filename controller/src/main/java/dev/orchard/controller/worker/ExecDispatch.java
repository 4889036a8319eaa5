package dev.orchard.controller.worker;

import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.DesiredState;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.session.Dispatch;
import dev.orchard.exec.session.Dispatch.Decision;
import dev.orchard.proto.worker.v1.CancelExec;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.ExecStored;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.StartExec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What one worker is told about execs, and what of its reports is written, as {@link Dispatch}
 * decides. Every link remembers what was reported over it; only a primary one decides. Owned by the
 * link's thread.
 */
final class ExecDispatch {
  /** An instruction without visible effect is given again, and an object not seen is looked for. */
  private static final Duration REPEAT = Duration.ofSeconds(10);

  /** What is not the end may wait a moment: a short command then needs one write, not four. */
  private static final Duration COALESCE = Duration.ofMillis(100);

  /** What names its target is sent by the replica that made it: this one need not be quicker. */
  private static final Duration LEFT_TO_ITS_MAKER = Duration.ofSeconds(1);

  /** What this link knows of one session. */
  private static final class Session {
    private @Nullable ExecReport report;
    private @Nullable VMExec object;
    // Whether the informer has it, or had it when it was last asked.
    private boolean indexed;
    private final Instant since;
    private Instant seen;
    // Since when it stands that its process ran, and the worker has not reported it.
    private @Nullable Instant missing;
    private boolean ended;
    // A live look found no object: a UID does not come back.
    private boolean gone;
    private long submitted = -1;
    private boolean looking;
    private @Nullable Decision told;
    private Instant toldAt = Instant.EPOCH;

    Session(Instant now) {
      since = now;
      seen = now;
    }
  }

  private final String worker;
  private final ClusterObjects objects;
  private final StatusWriter writer;
  private final ApiQueue api;
  private final InstantSource clock;
  private final Consumer<Instruction> send;
  private final Consumer<LinkInput> inbox;

  /** How many read and write the sessions that run, as last reported. Anybody may ask. */
  private final Map<String, Integer> attachments = new ConcurrentHashMap<>();

  private final Map<String, Session> sessions = new HashMap<>();

  /**
   * @param send to the worker, on the link's thread
   * @param inbox back to the link's thread, from any other
   */
  ExecDispatch(
      String worker,
      ClusterObjects objects,
      StatusWriter writer,
      ApiQueue api,
      InstantSource clock,
      Consumer<Instruction> send,
      Consumer<LinkInput> inbox) {
    this.worker = worker;
    this.objects = objects;
    this.writer = writer;
    this.api = api;
    this.clock = clock;
    this.send = send;
    this.inbox = inbox;
  }

  /**
   * @throws dev.orchard.exec.frame.InvalidFrameException if the outcome in it is not one
   */
  void reported(ExecReport report) {
    if (finished(report)) {
      var _ = ProtoFrames.decodeExit(report.getExit());
    }
    Session session = session(report.getUid());
    ExecReport before = session.report;
    if (before == null || report.getRevision() >= before.getRevision()) {
      session.report = report;
      if (report.getState() == ExecState.EXEC_RUNNING) {
        attachments.put(report.getUid(), report.getAttachments());
      } else {
        attachments.remove(report.getUid());
      }
    }
  }

  /** How many read and write a session; absent unless it runs. Any thread. */
  OptionalInt attachments(String uid) {
    Integer reported = attachments.get(uid);
    return reported == null ? OptionalInt.empty() : OptionalInt.of(reported);
  }

  /** An exec of this replica's own making. Its instruction has been sent. */
  void started(VMExec exec) {
    Session session = session(exec.getMetadata().getUid());
    session.object = exec;
    session.seen = clock.instant();
    told(session, Decision.START);
    ClusterObjects.binding(exec)
        .ifPresent(binding -> submit(exec, COALESCE, status -> bound(exec, status, binding)));
  }

  void stored(String uid) {
    Session session = sessions.get(uid);
    if (session != null) {
      session.ended = true;
    }
  }

  /** What a live look found. Nothing found, or another UID, is what ends a session. */
  void looked(String uid, @Nullable VMExec found) {
    Session session = sessions.get(uid);
    if (session == null) {
      return;
    }
    session.looking = false;
    session.object = found;
    session.gone = found == null;
    session.indexed = false;
    session.seen = clock.instant();
  }

  /**
   * Starts an exec by what its object is now. The informer's view of it may be so old that it has
   * been cancelled since, or ended by the operator as one that never ran.
   */
  void confirmed(String uid, @Nullable VMExec found) {
    Session session = sessions.get(uid);
    if (session != null
        && session.report == null
        && found != null
        && Dispatch.decide(wanted(session, found), null, true) == Decision.START) {
      start(found);
    }
  }

  /** Decides for every session that is wanted or reported. */
  void reconcile(boolean synced) {
    if (!objects.synced()) {
      return;
    }
    Set<String> uids = new LinkedHashSet<>(sessions.keySet());
    objects.unfinishedExecsOn(worker).forEach(exec -> uids.add(exec.getMetadata().getUid()));
    uids.forEach(uid -> reconcile(uid, session(uid), synced));
    sessions.values().removeIf(session -> session.report == null && session.object == null);
  }

  private void reconcile(String uid, Session session, boolean synced) {
    ExecReport report = session.report;
    if (session.gone) {
      if (report != null) {
        act(uid, session, null, Dispatch.absent(new Dispatch.Reported(finished(report), true)));
      }
      return;
    }
    VMExec exec = current(uid, session);
    if (exec != null && report == null && exec.statusOrEmpty().ended()) {
      session.object = null;
      return;
    }
    Dispatch.Wanted wanted = exec == null ? null : wanted(session, exec);
    Dispatch.Reported reported =
        report == null
            ? null
            : new Dispatch.Reported(finished(report), written(session, exec, report));
    act(uid, session, exec, Dispatch.decide(wanted, reported, synced));
    if (exec == null && report == null) {
      session.object = null;
    }
  }

  private Dispatch.Wanted wanted(Session session, VMExec exec) {
    VMExecStatus status = exec.statusOrEmpty();
    boolean started = status.startTime() != null;
    return new Dispatch.Wanted(
        session.ended || status.ended(), cancelled(exec), started, overdue(session, started));
  }

  private boolean overdue(Session session, boolean started) {
    if (!started || session.report != null) {
      session.missing = null;
      return false;
    }
    Instant since = session.missing == null ? clock.instant() : session.missing;
    session.missing = since;
    return !clock.instant().isBefore(since.plus(Dispatch.OVERDUE));
  }

  /** The object; null once the informer has lost it, or has not got it for too long. */
  private @Nullable VMExec current(String uid, Session session) {
    VMExec known = objects.execByUid(uid).orElse(null);
    if (known != null) {
      session.object = known;
      session.indexed = true;
      session.seen = clock.instant();
      return known;
    }
    boolean fresh = !session.indexed && clock.instant().isBefore(session.seen.plus(REPEAT));
    return fresh ? session.object : null;
  }

  private void act(String uid, Session session, @Nullable VMExec exec, Decision decision) {
    switch (decision) {
      case NOTHING -> {}
      case START -> {
        if (exec != null && !leftToItsMaker(session, exec) && due(session, Decision.START)) {
          confirm(uid, exec);
        }
      }
      case CANCEL -> {
        if (due(session, Decision.CANCEL)) {
          send.accept(cancel(uid, why(exec)));
        }
      }
      case LOSE -> {
        if (exec != null && due(session, Decision.LOSE)) {
          lose(uid, exec);
        }
      }
      case WRITE -> {
        if (exec != null && session.report != null) {
          write(session, exec, session.report);
        }
      }
      case ACKNOWLEDGE -> {
        send.accept(
            Instruction.newBuilder().setExecStored(ExecStored.newBuilder().setUid(uid)).build());
        session.ended = true;
        session.report = null;
      }
      case VERIFY_ABSENCE -> look(uid, session);
    }
  }

  private void confirm(String uid, VMExec exec) {
    api.submit(
        "confirm/" + uid,
        Duration.ZERO,
        () -> inbox.accept(new LinkInput.Confirmed(uid, writer.live(exec))));
  }

  private boolean leftToItsMaker(Session session, VMExec exec) {
    return exec.getSpec().target() != null
        && clock.instant().isBefore(session.since.plus(LEFT_TO_ITS_MAKER));
  }

  private void start(VMExec exec) {
    Binding binding = ClusterObjects.binding(exec).orElseThrow();
    Instant now = clock.instant();
    if (WorkerMessages.startTimeLeft(exec, now).isPositive()) {
      StartExec start =
          StartExec.newBuilder().setSpec(WorkerMessages.execSpec(exec, binding, now)).build();
      send.accept(Instruction.newBuilder().setStartExec(start).build());
    } else {
      String why =
          "worker %s did not have it within %d s"
              .formatted(worker, exec.getSpec().startTimeoutSeconds());
      submit(
          exec,
          Duration.ZERO,
          status ->
              bound(exec, status, binding)
                  .finished(
                      VMExecExit.without(VMExecExitReason.START_FAILED, why), null, now, now));
    }
  }

  private void lose(String uid, VMExec exec) {
    String why = "worker %s does not know it any more, though it had started it".formatted(worker);
    // A tombstone, for instructions that are still on their way.
    send.accept(cancel(uid, why));
    Instant now = clock.instant();
    submit(
        exec,
        Duration.ZERO,
        status -> status.finished(VMExecExit.without(VMExecExitReason.LOST, why), null, now, now));
  }

  private void write(Session session, VMExec exec, ExecReport report) {
    session.submitted = report.getRevision();
    Binding binding = ClusterObjects.binding(exec).orElse(null);
    if (binding != null) {
      submit(
          exec,
          finished(report) ? Duration.ZERO : COALESCE,
          status -> WorkerMessages.execStatus(exec, status, binding, report, clock.instant()));
    }
  }

  private void submit(VMExec exec, Duration delay, UnaryOperator<VMExecStatus> change) {
    String uid = exec.getMetadata().getUid();
    api.submit(
        "vmexec/" + uid,
        delay,
        () -> {
          VMExec stands = writer.write(exec, change);
          if (stands != null && stands.statusOrEmpty().ended()) {
            inbox.accept(new LinkInput.Stored(uid));
          }
        });
  }

  /** A session that nobody knows an object of may be younger than the informer's view. */
  private void look(String uid, Session session) {
    VMExec last = session.object;
    boolean tooEarly = last == null && clock.instant().isBefore(session.seen.plus(REPEAT));
    if (session.looking || tooEarly) {
      return;
    }
    session.looking = true;
    api.submit(
        "look/" + uid,
        Duration.ZERO,
        () -> {
          VMExec found = last == null ? writer.find(uid) : writer.live(last);
          inbox.accept(new LinkInput.Looked(uid, found));
        });
  }

  private boolean written(Session session, @Nullable VMExec exec, ExecReport report) {
    return session.submitted >= report.getRevision()
        || (exec != null
            && ClusterObjects.binding(exec)
                .map(b -> statusNow(exec, b, report).equals(exec.statusOrEmpty()))
                .orElse(false));
  }

  private VMExecStatus statusNow(VMExec exec, Binding binding, ExecReport report) {
    return WorkerMessages.execStatus(exec, exec.statusOrEmpty(), binding, report, clock.instant());
  }

  private VMExecStatus bound(VMExec exec, VMExecStatus status, Binding binding) {
    return status.described(exec.getSpec().command()).bound(binding, clock.instant());
  }

  private Session session(String uid) {
    return sessions.computeIfAbsent(uid, u -> new Session(clock.instant()));
  }

  private boolean due(Session session, Decision decision) {
    if (session.told == decision && clock.instant().isBefore(session.toldAt.plus(REPEAT))) {
      return false;
    }
    told(session, decision);
    return true;
  }

  private void told(Session session, Decision decision) {
    session.told = decision;
    session.toldAt = clock.instant();
  }

  static Instruction cancel(String uid, String why) {
    return Instruction.newBuilder()
        .setCancelExec(CancelExec.newBuilder().setUid(uid).setMessage(why))
        .build();
  }

  private static String why(@Nullable VMExec exec) {
    if (exec == null || exec.getMetadata().getDeletionTimestamp() != null) {
      return "its VMExec was deleted";
    }
    return exec.getSpec().desiredState() == DesiredState.CANCELLED
        ? "its desired state is Cancelled"
        : "its VMExec has ended as " + exec.statusOrEmpty().exitSummary();
  }

  private static boolean finished(ExecReport report) {
    return report.getState() == ExecState.EXEC_FINISHED;
  }

  private static boolean cancelled(VMExec exec) {
    return exec.getSpec().desiredState() == DesiredState.CANCELLED
        || exec.getMetadata().getDeletionTimestamp() != null;
  }
}
