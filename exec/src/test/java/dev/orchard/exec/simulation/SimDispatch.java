package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Dispatch;
import dev.orchard.exec.session.Dispatch.Decision;
import dev.orchard.exec.simulation.SimLink.Instruction;
import dev.orchard.exec.simulation.SimLink.Report;
import dev.orchard.exec.simulation.SimObjects.Binding;
import dev.orchard.exec.simulation.SimObjects.Exec;
import dev.orchard.exec.simulation.SimObjects.Vm;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A replica's end of the worker's link, as the controller drives {@link Dispatch} on it. */
final class SimDispatch {
  private static final int TICK = 1_000;
  private static final int REPEAT = 10_000;
  private static final int COALESCE = 100;
  private static final int LEFT_TO_ITS_MAKER = 1_000;
  static final int START_TIMEOUT = 60_000;

  /** What this link knows of one session. */
  private static final class Session {
    Report.@Nullable Session report;
    @Nullable Exec object;
    boolean indexed;
    final long since;
    long seen;
    long missing = -1;
    boolean ended;
    boolean gone;
    long submitted = -1;
    boolean looking;
    @Nullable Decision told;
    long toldAt;

    Session(long now) {
      since = now;
      seen = now;
    }
  }

  private final World world;
  private final Clockwork clock;
  private final SimReplica replica;
  private final Wire<Report, Instruction> wire;
  private final SimApiQueue queue;
  private final Map<String, Session> sessions = new LinkedHashMap<>();
  private Report.@Nullable Vm vm;
  private boolean primary;
  private boolean synced;
  private boolean open = true;
  private boolean changed;
  private boolean reachableTold;
  private long vmToldAt = -REPEAT;

  SimDispatch(World world, SimReplica replica, Wire<Report, Instruction> wire) {
    this.world = world;
    this.clock = world.clock;
    this.replica = replica;
    this.wire = wire;
    this.queue = new SimApiQueue(clock);
    wire.endA(
        report -> {
          if (open) {
            received(report);
          }
        },
        this::end);
    tick();
  }

  void end() {
    open = false;
    primary = false;
    queue.close();
  }

  boolean isOpen() {
    return open;
  }

  boolean isPrimary() {
    return primary;
  }

  void send(Instruction instruction) {
    wire.toB.send(instruction);
  }

  void die() {
    end();
    wire.die();
  }

  private void tick() {
    boolean reachable = !world.api.isAway();
    if (reachable != reachableTold) {
      reachableTold = reachable;
      send(new Instruction.Kubernetes(reachable));
    }
    reconcile();
    clock.after(
        TICK,
        () -> {
          if (open) {
            tick();
          }
        });
  }

  void changed() {
    if (!changed) {
      changed = true;
      clock.after(
          clock.below(5),
          () -> {
            changed = false;
            reconcile();
          });
    }
  }

  private void received(Report report) {
    switch (report) {
      case Report.Register(boolean now) -> primary = now;
      case Report.Vm now -> vm = now;
      case Report.Session now -> {
        Session session = session(now.uid());
        if (session.report == null || now.revision() >= session.report.revision()) {
          session.report = now;
        }
      }
      case Report.Synced() -> synced = true;
    }
    changed();
  }

  private Session session(String uid) {
    return sessions.computeIfAbsent(uid, u -> new Session(clock.now()));
  }

  /** An exec of this replica's own making. Its instruction has been sent. */
  void started(Exec exec) {
    if (!primary) {
      return;
    }
    Session session = session(exec.uid());
    session.object = exec;
    session.seen = clock.now();
    told(session, Decision.START);
    Binding binding = exec.binding();
    if (binding != null) {
      submit(exec, COALESCE, e -> e.bound(binding, clock.now()));
    }
  }

  private void reconcile() {
    if (!open || !primary || !replica.synced()) {
      return;
    }
    reconcileVm();
    Set<String> uids = new LinkedHashSet<>(sessions.keySet());
    for (Exec exec : replica.informer().execs.values()) {
      if (!exec.ended() && exec.binding() != null) {
        uids.add(exec.uid());
      }
    }
    uids.forEach(uid -> reconcile(uid, session(uid)));
    sessions.values().removeIf(session -> session.report == null && session.object == null);
  }

  private void reconcile(String uid, Session session) {
    Report.Session report = session.report;
    if (session.gone) {
      if (report != null) {
        act(uid, session, null, Dispatch.absent(new Dispatch.Reported(report.finished(), true)));
      }
      return;
    }
    Exec exec = current(uid, session);
    if (exec != null && report == null && exec.ended()) {
      session.object = null;
      return;
    }
    Dispatch.Wanted wanted =
        exec == null
            ? null
            : new Dispatch.Wanted(
                session.ended || exec.ended(),
                exec.cancelled(),
                exec.started(),
                overdue(session, exec.started()));
    Dispatch.Reported reported =
        report == null
            ? null
            : new Dispatch.Reported(report.finished(), written(session, exec, report));
    act(uid, session, exec, Dispatch.decide(wanted, reported, synced));
    if (exec == null && report == null) {
      session.object = null;
    }
  }

  private boolean overdue(Session session, boolean started) {
    if (!started || session.report != null) {
      session.missing = -1;
      return false;
    }
    session.missing = session.missing < 0 ? clock.now() : session.missing;
    return clock.now() >= session.missing + Dispatch.OVERDUE.toMillis();
  }

  private @Nullable Exec current(String uid, Session session) {
    Exec known = replica.informer().ofUid(uid);
    if (known != null) {
      session.object = known;
      session.indexed = true;
      session.seen = clock.now();
      return known;
    }
    boolean fresh = !session.indexed && clock.now() < session.seen + REPEAT;
    return fresh ? session.object : null;
  }

  private boolean written(Session session, @Nullable Exec exec, Report.Session report) {
    if (world.fault == Fault.REVISION_IGNORED && session.submitted >= 0) {
      return true;
    }
    return session.submitted >= report.revision()
        || (exec != null && change(exec, report).equals(exec));
  }

  private Exec change(Exec exec, Report.Session report) {
    Binding binding = exec.binding();
    Exec now = binding == null ? exec : exec.bound(binding, clock.now());
    if (report.started()) {
      now = now.running();
    }
    Frame.Exit exit = report.exit();
    return exit == null ? now : now.finished(exit, true, world.fault == Fault.LAST_OUTCOME_WINS);
  }

  private void act(String uid, Session session, @Nullable Exec exec, Decision decision) {
    if (decision != Decision.NOTHING) {
      world.trace(uid, decision);
    }
    switch (decision) {
      case NOTHING -> {}
      case START -> {
        boolean leave =
            exec != null
                && exec.target() != null
                && clock.now() < session.since + LEFT_TO_ITS_MAKER;
        if (exec != null && !leave && due(session, decision)) {
          start(exec);
        }
      }
      case CANCEL -> {
        if (due(session, decision)) {
          cancel(uid);
        }
      }
      case LOSE -> {
        if (exec != null && due(session, decision)) {
          cancel(uid);
          lose(exec);
        }
      }
      case WRITE -> {
        Report.Session report = session.report;
        if (exec != null && report != null) {
          session.submitted = report.revision();
          submit(exec, report.finished() ? 0 : COALESCE, e -> change(e, report));
        }
      }
      case ACKNOWLEDGE -> {
        send(new Instruction.Stored(uid));
        session.ended = true;
        session.report = null;
      }
      case VERIFY_ABSENCE -> {
        if (world.fault == Fault.ABSENCE_CANCELS) {
          cancel(uid);
        } else {
          look(uid, session);
        }
      }
    }
  }

  private void cancel(String uid) {
    send(new Instruction.Cancel(uid));
  }

  static Instruction start(Exec exec, Binding binding, long now) {
    int left = (int) Math.max(1, exec.createdAt() + START_TIMEOUT - now);
    return new Instruction.Start(exec.uid(), binding.bootId(), left);
  }

  private void start(Exec exec) {
    Binding binding = exec.binding();
    if (binding == null) {
      return;
    }
    if (clock.now() < exec.createdAt() + START_TIMEOUT) {
      send(start(exec, binding, clock.now()));
      if (world.duplicates && clock.oneIn(3)) {
        world.tally(Mishap.DUPLICATE_START);
        send(start(exec, binding, clock.now()));
      }
    } else {
      world.truth(exec.uid()).mayBeLost = true;
      Frame.Exit late =
          Frame.Exit.withoutProcess(null, ExitReason.START_FAILED, "the worker did not have it");
      submit(exec, 0, e -> e.finished(late, false, false));
    }
  }

  private void lose(Exec exec) {
    Frame.Exit lost = Frame.Exit.lost(0, 0, Duration.ZERO, "its worker does not know it any more");
    submit(exec, 0, e -> e.finished(lost, false, false));
  }

  private void submit(Exec exec, int delay, UnaryOperator<Exec> change) {
    queue.submit(
        exec.uid(),
        delay,
        (done, failed) ->
            world.api.write(
                exec,
                change,
                stands -> {
                  done.run();
                  Session session = sessions.get(exec.uid());
                  if (open && stands != null && stands.ended() && session != null) {
                    session.ended = true;
                    changed();
                  }
                },
                failed));
  }

  private void look(String uid, Session session) {
    boolean tooEarly = session.object == null && clock.now() < session.seen + REPEAT;
    if (session.looking || tooEarly) {
      return;
    }
    session.looking = true;
    queue.submit(
        "look/" + uid,
        0,
        (done, failed) ->
            world.api.<@Nullable Exec>call(
                () -> world.api.ofUid(uid),
                found -> {
                  done.run();
                  looked(session, found);
                },
                failed));
  }

  private void looked(Session session, @Nullable Exec found) {
    session.looking = false;
    session.object = found;
    session.gone = found == null;
    session.indexed = false;
    session.seen = clock.now();
    changed();
  }

  private boolean due(Session session, Decision decision) {
    if (session.told == decision && clock.now() < session.toldAt + REPEAT) {
      return false;
    }
    told(session, decision);
    return true;
  }

  private void told(Session session, Decision decision) {
    session.told = decision;
    session.toldAt = clock.now();
  }

  // ---- the VM

  private void reconcileVm() {
    Report.Vm reported = vm;
    Vm object = replica.informer().vm;
    if (reported != null && object != null && object.uid().equals(reported.vmUid())) {
      boolean same =
          reported.bootId().equals(object.bootId()) && reported.connected() == object.connected();
      if (!same) {
        Vm changedVm =
            new Vm(
                object.uid(),
                object.version(),
                reported.bootId(),
                reported.connected(),
                clock.now());
        queue.submit(
            "vm",
            0,
            (done, failed) ->
                world.api.<Boolean>call(
                    () -> world.api.updateVm(changedVm), written -> done.run(), failed));
      }
      return;
    }
    boolean wait = !synced || clock.now() < vmToldAt + TICK;
    if (wait) {
      return;
    }
    vmToldAt = clock.now();
    if (reported != null
        && world.api.vm() != null
        && reported.vmUid().equals(world.api.vm().uid())) {
      // A live look: the informer is behind.
      return;
    }
    if (reported != null) {
      send(new Instruction.DropVm(reported.vmUid()));
    }
    if (object != null) {
      send(new Instruction.StartVm(object.uid()));
    }
  }
}
