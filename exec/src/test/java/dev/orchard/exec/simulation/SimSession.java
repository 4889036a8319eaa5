package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;
import dev.orchard.exec.session.Fence;
import dev.orchard.exec.session.OutputRoom;
import dev.orchard.exec.session.SessionAction;
import dev.orchard.exec.session.SessionEvent;
import dev.orchard.exec.session.SessionPhase;
import dev.orchard.exec.session.WorkerSession;
import dev.orchard.exec.simulation.SimGuest.ToAgent;
import dev.orchard.exec.simulation.SimGuest.ToWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One session on its worker, as the daemon drives it: what drives {@link WorkerSession}. */
final class SimSession {
  private static final int TICK = 1_000;
  private static final int SYNC = 100;
  private static final int FIRST_RETRY = 100;
  private static final int LAST_RETRY = 2_000;

  private final World world;
  private final Clockwork clock;
  private final SimWorker worker;
  private final Truth truth;
  private final String bootId;
  private final WorkerSession core;
  private final SimAttachments attachments;
  private final OutputRoom room;
  private @Nullable Wire<ToWorker, ToAgent> stream;
  private @Nullable Fence guest;
  private Frame.@Nullable Output parked;
  private boolean retrying;
  private int retry = FIRST_RETRY;
  private boolean vmGone;
  private boolean broken;
  private boolean ending;
  private boolean syncing;
  private boolean dead;
  private long revision;

  SimSession(World world, SimWorker worker, Truth truth, String bootId, WorkerSession core) {
    this.world = world;
    this.clock = world.clock;
    this.worker = worker;
    this.truth = truth;
    this.bootId = bootId;
    this.core = core;
    this.attachments = new SimAttachments(world);
    this.room = new OutputRoom(truth.outputLimit, truth.onOutputLimit);
    SimDisk.Files left = files();
    if (left != null) {
      ending = left.journal.stream().anyMatch(JournalRecord.Ending.class::isInstance);
    }
    tick();
  }

  Truth truth() {
    return truth;
  }

  WorkerSession core() {
    return core;
  }

  boolean isRead() {
    return !attachments.isEmpty();
  }

  String bootId() {
    return bootId;
  }

  SimDisk.@Nullable Files files() {
    return worker.disk().sessions.get(truth.uid);
  }

  private SimDisk.Files filesMade() {
    return worker.disk().sessions.computeIfAbsent(truth.uid, u -> new SimDisk.Files());
  }

  /** The daemon has died, or forgets the session. */
  void die() {
    dead = true;
    attachments.die();
    if (stream != null) {
      stream.die();
      stream = null;
    }
  }

  private void tick() {
    clock.after(
        TICK,
        () -> {
          if (!dead && core.phase() != SessionPhase.FINISHED) {
            step(new SessionEvent.Tick());
            tick();
          }
        });
  }

  // ---- the core

  void step(SessionEvent event) {
    if (dead) {
      return;
    }
    List<SessionAction> actions = new ArrayList<>(core.step(event, worker.wallMillis()));
    world.trace(truth.uid, event);
    switch (world.fault) {
      case START_BEFORE_INTENT -> first(actions, SessionAction.Start.class);
      case STORED_BEFORE_APPEND -> first(actions, SessionAction.Stored.class);
      case EXIT_BEFORE_SYNC -> actions.removeIf(SessionAction.Sync.class::isInstance);
      default -> {}
    }
    for (SessionAction action : actions) {
      if (world.crashNow()) {
        worker.kill();
        return;
      }
      world.trace(truth.uid, action);
      perform(action);
    }
    publish();
  }

  private static void first(List<SessionAction> actions, Class<? extends SessionAction> kind) {
    List<SessionAction> moved = actions.stream().filter(kind::isInstance).toList();
    actions.removeAll(moved);
    actions.addAll(0, moved);
  }

  private void publish() {
    attachments.pump(core.wantsStdin());
  }

  private void perform(SessionAction action) {
    switch (action) {
      case SessionAction.Write(JournalRecord fact) -> write(fact);
      case SessionAction.Append(StdStream to, ByteString data) -> append(to, data);
      case SessionAction.Sync() -> sync();
      case SessionAction.Start() -> {
        if (!broken) {
          open(new ToAgent.Start(truth.uid, instance()));
        }
      }
      case SessionAction.Attach(long from, boolean dropStdin) -> {
        if (!broken) {
          open(new ToAgent.Attach(truth.uid, instance(), from, dropStdin));
        }
      }
      case SessionAction.ToGuest(Frame.In frame) -> toGuest(new ToAgent.In(frame));
      case SessionAction.Stored(long offset, boolean exit) ->
          toGuest(new ToAgent.Stored(offset, exit));
      case SessionAction.CloseGuest() -> closeGuest();
      case SessionAction.ToWriter(Frame.Ack ack) -> attachments.writer().ifPresent(w -> w.ack(ack));
      case SessionAction.ToWriter(Frame.Failure why) ->
          attachments.writer().ifPresent(w -> w.fail(why));
      case SessionAction.ToWriter(Frame.Out _) -> {}
      case SessionAction.Report() -> report();
    }
  }

  private void write(JournalRecord fact) {
    ending |= fact instanceof JournalRecord.Ending;
    if (broken && !(fact instanceof JournalRecord.Exited)) {
      return;
    }
    boolean tombstone = fact instanceof JournalRecord.Exited && files() == null;
    if (tombstone && world.fault == Fault.TOMBSTONE_IN_MEMORY) {
      return;
    }
    filesMade().journal.add(fact);
    if (fact instanceof JournalRecord.Exited(Frame.Exit exit, long _)) {
      world.journalled(truth, exit);
    }
  }

  private void append(StdStream to, ByteString data) {
    if (broken) {
      return;
    }
    SimDisk.Files files = filesMade();
    if (worker.disk().full && files.size() == 0) {
      fail("no space left");
      return;
    }
    if (worker.disk().full) {
      files.first = files.oldestSegment(truth.outputLimit);
    }
    files.append(new Frame.Output(to, files.end(), data));
    if (!syncing) {
      syncing = true;
      clock.after(
          SYNC,
          () -> {
            syncing = false;
            if (!dead) {
              sync();
              unpark();
            }
          });
    }
  }

  private void sync() {
    SimDisk.Files files = files();
    if (files != null) {
      files.synced = files.log.size();
    }
  }

  private void fail(String why) {
    broken = true;
    truth.mayBeLost = true;
    truth.unrecorded = true;
    toGuest(new ToAgent.In(new Frame.Signal("KILL")));
    stream = null;
    step(new SessionEvent.VmGone("the worker cannot record the session: " + why));
  }

  void report() {
    if (core.phase() == SessionPhase.FINISHED) {
      world.require(
          Invariant.I4_ONE_OUTCOME,
          core.exit().orElse(null) == null || core.exit().get().equals(truth.journalled),
          () -> "an outcome is reported that is not in the journal: " + core.exit());
    }
    revision = Math.max(revision + 1, worker.wallMillis());
    worker.report(
        new SimLink.Report.Session(
            truth.uid, revision, core.phase(), core.startedAt() > 0, core.exit().orElse(null)));
  }

  // ---- the guest

  /** Looks at the VM and at who answers in it. */
  void lookAtVm() {
    if (vmGone || dead) {
      return;
    }
    SimObjects.Binding vm = worker.disk().vm;
    boolean noticed = !worker.noticesBootsByFence() || vm == null;
    if (noticed && (vm == null || !vm.bootId().equals(bootId))) {
      vmGone = true;
      guest = null;
      closeGuest();
      step(new SessionEvent.VmGone("its boot is over"));
    } else if (!Objects.equals(guest, worker.guest())) {
      guest = worker.guest();
      retrying = false;
      closeGuest();
      if (guest == null) {
        step(new SessionEvent.GuestLost());
      } else {
        ready(guest);
      }
    }
  }

  private void ready(Fence fence) {
    Optional<Fence> intended = intended();
    boolean taken = world.fault == Fault.FENCE_IGNORED && core.phase() != SessionPhase.WAITING;
    step(new SessionEvent.GuestReady(taken ? intended.orElse(fence) : fence));
  }

  private Optional<Fence> intended() {
    SimDisk.Files files = files();
    return files != null && files.journal.getFirst() instanceof JournalRecord.Intent intent
        ? Optional.of(new Fence(intent.bootId(), intent.instance()))
        : Optional.empty();
  }

  private String instance() {
    return guest == null ? "" : guest.instance();
  }

  private void open(ToAgent first) {
    closeGuest();
    if (guest == null) {
      return;
    }
    Wire<ToWorker, ToAgent> fresh = new Wire<>(clock, 8);
    stream = fresh;
    fresh.endA(
        message -> {
          if (!dead && stream == fresh) {
            fromGuest(message);
          }
        },
        () -> {
          if (!dead && stream == fresh) {
            stream = null;
            step(new SessionEvent.GuestLost());
            retryLater();
          }
        });
    world.guest.accept(fresh);
    fresh.toB.send(first);
  }

  private void closeGuest() {
    parked = null;
    Wire<ToWorker, ToAgent> open = stream;
    stream = null;
    if (open != null) {
      open.cut();
    }
  }

  /** The channel breaks under it. */
  void cutGuest() {
    if (stream != null) {
      stream.cut();
    }
  }

  private void retryLater() {
    worker.suspectGuest();
    retrying = true;
    int now = retry;
    retry = Math.min(2 * retry, LAST_RETRY);
    clock.after(
        now,
        () -> {
          if (!dead && retrying && guest != null) {
            retrying = false;
            ready(guest);
          }
        });
  }

  private void toGuest(ToAgent message) {
    if (stream != null) {
      stream.toB.send(message);
    }
  }

  private void fromGuest(ToWorker message) {
    switch (message) {
      case ToWorker.Attached(long offset, long received) -> {
        retry = FIRST_RETRY;
        step(new SessionEvent.GuestAttached(offset, received));
      }
      case ToWorker.Refused(var reason, String why) ->
          step(new SessionEvent.GuestRefused(reason, why));
      case ToWorker.Closed() -> {
        stream = null;
        step(new SessionEvent.GuestClosed());
        if (core.phase() != SessionPhase.FINISHED) {
          retryLater();
        }
      }
      case ToWorker.Out(Frame.Output output) when !makeRoom() -> park(output);
      case ToWorker.Out(Frame.Out frame) -> step(new SessionEvent.FromGuest(frame));
    }
  }

  private void park(Frame.Output output) {
    parked = output;
    if (stream != null) {
      stream.toA.hold();
    }
    clock.after(SYNC, this::unpark);
  }

  private void unpark() {
    Frame.Output waiting = parked;
    Wire<ToWorker, ToAgent> from = stream;
    if (dead || waiting == null || from == null) {
      return;
    }
    if (!makeRoom()) {
      clock.after(SYNC, this::unpark);
      return;
    }
    parked = null;
    step(new SessionEvent.FromGuest(waiting));
    if (parked == null) {
      from.toA.letGo();
    }
  }

  /** As the daemon makes room before every append; false while the output has to wait. */
  private boolean makeRoom() {
    SimDisk.Files files = files();
    boolean tooMuch = false;
    while (files != null && files.size() > 0) {
      int oldest = files.oldestSegment(truth.outputLimit);
      long oldestEnd = files.log.get(oldest - 1).end();
      switch (room.decide(files.size(), files.end(), oldestEnd, attachments.foregroundPosition())) {
        case APPEND -> {
          return true;
        }
        case WAIT -> {
          if (!ending) {
            return false;
          }
        }
        case EVICT -> {}
        case TERMINATE -> {
          if (!tooMuch) {
            tooMuch = true;
            truth.mayBeCancelled = true;
            step(new SessionEvent.Cancel(ExitReason.OUTPUT_LIMIT, "too much output"));
          }
        }
      }
      files.first = oldest;
    }
    return true;
  }

  // ---- attachments

  void attach(SimAttachment.Request request) {
    SimAttachment attachment = new SimAttachment(world, this, request);
    attachments.add(attachment);
    request
        .wire()
        .endB(
            frame -> {
              if (!dead && attachments.contains(attachment)) {
                fromClient(attachment, frame);
              }
            },
            () -> detached(attachment));
    request.wire().toA.onRoom(attachment::pump);
    if (request.writer()) {
      attachments.takePen(attachment);
      if (attachments.isWriter(attachment)) {
        step(new SessionEvent.WriterAttached());
      }
    }
    foregroundChanged();
  }

  private void detached(SimAttachment attachment) {
    if (!dead && attachments.remove(attachment)) {
      foregroundChanged();
    }
  }

  private void foregroundChanged() {
    step(new SessionEvent.Foreground(attachments.foreground()));
  }

  private void fromClient(SimAttachment from, Frame.In frame) {
    boolean may =
        attachments.isWriter(from)
            || (world.fault == Fault.TAKEOVER_WITHOUT_FENCE && from.mayHaveWritten);
    truth.detached |= frame instanceof Frame.Detach;
    if (may) {
      world.require(
          Invariant.I8_NOT_MIXED,
          attachments.isWriter(from) || !(frame instanceof Frame.Stdin),
          () -> truth.uid + ": who was taken over writes on");
      step(new SessionEvent.FromWriter(frame));
    } else if (frame instanceof Frame.Stdin) {
      from.fail(new Frame.Failure(ErrorCode.NOT_WRITER, "not opened for writing"));
    }
  }
}
