package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A worker daemon with its disk: what drives {@link WorkerSession} in the simulation. */
final class SimWorker {
  private static final ByteString SPEC = ByteString.copyFromUtf8("spec");

  /** Survives the daemon. */
  private static final class Disk {
    final List<JournalRecord> journal = new ArrayList<>();
    final List<Frame.Output> log = new ArrayList<>();

    long bytes(StdStream stream) {
      return log.stream().filter(o -> o.stream() == stream).mapToLong(o -> o.data().size()).sum();
    }
  }

  /** A reader's or writer's cursor into the log. */
  private static final class Attachment {
    final Wire<Frame.Out, Frame.In> wire;
    long cursor;
    boolean startedSent;
    boolean done;
    boolean ackSent;

    Attachment(Wire<Frame.Out, Frame.In> wire, long from) {
      this.wire = wire;
      this.cursor = from;
    }
  }

  private final SessionWorld world;
  private final Clockwork clock;
  private final Disk disk = new Disk();
  private final Set<Attachment> attachments = new HashSet<>();
  private boolean up;
  private int life;
  private @Nullable WorkerSession session;
  private @Nullable Wire<SimGuest.ToWorker, SimGuest.ToAgent> stream;
  private Fence guest = new Fence("", "");

  SimWorker(SessionWorld world) {
    this.world = world;
    this.clock = world.clock;
    start();
  }

  boolean up() {
    return up;
  }

  Optional<WorkerSession> session() {
    return up ? Optional.ofNullable(session) : Optional.empty();
  }

  private SessionRules rules() {
    return new SessionRules(
        "boot-1",
        true,
        false,
        DisconnectPolicy.DETACH,
        Duration.ofSeconds(60),
        Duration.ZERO,
        Duration.ZERO,
        Duration.ofSeconds(10));
  }

  void start() {
    up = true;
    life++;
    if (!disk.journal.isEmpty()) {
      session =
          WorkerSession.recovered(
              rules(),
              disk.journal,
              disk.bytes(StdStream.STDOUT),
              disk.bytes(StdStream.STDERR),
              clock.now());
    }
    findGuest(life);
    tick(life);
  }

  void kill() {
    up = false;
    session = null;
    attachments.forEach(a -> end(a.wire));
    attachments.clear();
    if (stream != null) {
      end(stream);
      stream = null;
    }
    clock.after(100 + clock.random.nextInt(3000), this::start);
  }

  /** What a dead daemon had sent may arrive or not. */
  private void end(Wire<?, ?> wire) {
    if (clock.random.nextBoolean()) {
      wire.close();
    } else {
      wire.cut();
    }
  }

  void cutGuest() {
    if (stream != null) {
      stream.cut();
      stream = null;
    }
  }

  private void tick(int ofLife) {
    clock.after(
        500,
        () -> {
          if (up && life == ofLife) {
            apply(new SessionEvent.Tick());
            tick(ofLife);
          }
        });
  }

  /** Whether it is there by now or not, the guest is looked for again and again. */
  private void findGuest(int ofLife) {
    clock.after(
        20 + clock.random.nextInt(300),
        () -> {
          if (!up || life != ofLife) {
            return;
          }
          Fence there = world.guest.fence;
          boolean streamLost = stream == null || !stream.alive();
          if (session != null && (streamLost || !there.equals(guest))) {
            cutGuest();
            guest = there;
            if (world.vmDeleted()) {
              apply(new SessionEvent.VmGone("its VM was deleted"));
              return;
            }
            apply(
                new SessionEvent.GuestReady(
                    world.fault == Fault.FENCE_IGNORED
                            && session.phase() != WorkerSession.Phase.WAITING
                        ? intended().orElse(there)
                        : there));
          }
          findGuest(ofLife);
        });
  }

  private Optional<Fence> intended() {
    return disk.journal.stream()
        .filter(JournalRecord.Intent.class::isInstance)
        .map(JournalRecord.Intent.class::cast)
        .map(i -> new Fence(i.bootId(), i.instance()))
        .findFirst();
  }

  /** An instruction of a replica; may come any number of times. */
  void startExec() {
    if (up && session == null) {
      session = WorkerSession.dispatched(rules(), SPEC, clock.now());
    }
  }

  void cancelExec() {
    if (!up) {
      return;
    }
    if (session == null) {
      // The tombstone: a session that ended before it was ever told of.
      disk.journal.add(
          new JournalRecord.Exited(
              Frame.Exit.withoutProcess(null, ExitReason.CANCELLED, "cancelled"), clock.now()));
      session = WorkerSession.recovered(rules(), disk.journal, 0, 0, clock.now());
    } else {
      apply(new SessionEvent.Cancel(ExitReason.CANCELLED, "cancelled"));
    }
  }

  void outcomeStored() {
    apply(new SessionEvent.OutcomeAcknowledged());
  }

  void attach(Wire<Frame.Out, Frame.In> wire, long from) {
    if (session == null) {
      wire.cut();
      return;
    }
    Attachment attachment = new Attachment(wire, from);
    attachments.add(attachment);
    wire.endB(
        frame -> {
          if (up && attachments.contains(attachment)) {
            apply(new SessionEvent.FromWriter(frame));
          }
        },
        () -> attachments.remove(attachment));
    pump();
  }

  private void apply(SessionEvent event) {
    WorkerSession current = session;
    if (!up || current == null) {
      return;
    }
    List<SessionAction> actions = new ArrayList<>(current.step(event, clock.now()));
    if (world.fault == Fault.START_BEFORE_INTENT) {
      move(actions, SessionAction.Start.class);
    } else if (world.fault == Fault.STORED_BEFORE_APPEND) {
      move(actions, SessionAction.Stored.class);
    }
    for (SessionAction action : actions) {
      if (world.crashNow()) {
        kill();
        world.workerCrashed();
        return;
      }
      perform(action);
    }
    pump();
  }

  private static void move(List<SessionAction> actions, Class<? extends SessionAction> kind) {
    List<SessionAction> moved = actions.stream().filter(kind::isInstance).toList();
    actions.removeAll(moved);
    actions.addAll(0, moved);
  }

  private void perform(SessionAction action) {
    switch (action) {
      case SessionAction.Write(JournalRecord record) -> disk.journal.add(record);
      case SessionAction.Append(StdStream name, ByteString data) ->
          disk.log.add(
              new Frame.Output(name, disk.log.isEmpty() ? 0 : disk.log.getLast().end(), data));
      case SessionAction.Sync() -> {}
      case SessionAction.Start() ->
          open(new SimGuest.ToAgent.Start(SessionWorld.ID, guest.instance()));
      case SessionAction.Attach(long from) ->
          open(new SimGuest.ToAgent.Attach(SessionWorld.ID, guest.instance(), from));
      case SessionAction.ToGuest(Frame.In frame) -> toGuest(new SimGuest.ToAgent.In(frame));
      case SessionAction.Stored(long offset, boolean exit) ->
          toGuest(new SimGuest.ToAgent.Stored(offset, exit));
      case SessionAction.CloseGuest() -> cutGuest();
      case SessionAction.ToWriter(Frame.Out frame) ->
          attachments.stream().filter(a -> a.ackSent).forEach(a -> a.wire.sendToA(frame));
      case SessionAction.Report() -> world.replicas.workerChanged();
    }
  }

  private void open(SimGuest.ToAgent first) {
    cutGuest();
    Wire<SimGuest.ToWorker, SimGuest.ToAgent> fresh = new Wire<>(clock, 8);
    stream = fresh;
    int ofLife = life;
    fresh.endA(
        message -> {
          if (up && life == ofLife && stream == fresh) {
            fromGuest(message);
          }
        },
        () -> {
          if (up && life == ofLife && stream == fresh) {
            stream = null;
            apply(new SessionEvent.GuestLost());
          }
        });
    world.guest.accept(fresh);
    fresh.sendToB(first);
  }

  private void toGuest(SimGuest.ToAgent message) {
    if (stream != null) {
      stream.sendToB(message);
    }
  }

  private void fromGuest(SimGuest.ToWorker message) {
    switch (message) {
      case SimGuest.ToWorker.Attached(long offset) -> apply(new SessionEvent.GuestAttached(offset));
      case SimGuest.ToWorker.Refused(RefusalReason reason, String why) ->
          apply(new SessionEvent.GuestRefused(reason, why));
      case SimGuest.ToWorker.Closed() -> apply(new SessionEvent.GuestClosed());
      case SimGuest.ToWorker.Out(Frame.Out frame) -> apply(new SessionEvent.FromGuest(frame));
    }
  }

  /** Lets every attachment read on in the log. */
  private void pump() {
    WorkerSession current = session;
    if (current == null) {
      return;
    }
    for (Attachment a : attachments) {
      if (a.done) {
        continue;
      }
      if (!a.startedSent && current.startedAt() > 0) {
        a.startedSent = true;
        a.wire.sendToA(new Frame.Started("s", current.pid(), "boot-1", ""));
      }
      if (!a.ackSent && current.stdinOffset().isPresent()) {
        a.ackSent = true;
        a.wire.sendToA(current.stdinOffset().get());
      }
      long end = disk.log.isEmpty() ? 0 : disk.log.getLast().end();
      if (a.cursor > end && current.exit().isPresent()) {
        a.done = true;
        a.wire.sendToA(Frame.Failure.aheadOfLog(a.cursor, end));
        continue;
      }
      for (Frame.Output output : disk.log) {
        if (output.end() > a.cursor) {
          a.wire.sendToA(output);
          a.cursor = output.end();
        }
      }
      if (current.exit().isPresent()) {
        a.done = true;
        a.wire.sendToA(current.exit().get());
      }
    }
  }
}
