package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;
import dev.orchard.exec.session.Fence;
import dev.orchard.exec.session.SessionEvent;
import dev.orchard.exec.session.SessionRules;
import dev.orchard.exec.session.WorkerSession;
import dev.orchard.exec.simulation.SimLink.Instruction;
import dev.orchard.exec.simulation.SimLink.Report;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A worker daemon with its disk, its VM and its links to the replicas. */
final class SimWorker {
  /**
   * An hour, in milliseconds; a daemon that runs does not follow its host's clock when it is set.
   */
  private static final int JUMP = 3_600_000;

  /** Longer than any view is stale. */
  private static final int RETENTION = 9_000;

  /** One place for a link; there is one for each replica. */
  private static final class Link {
    @Nullable Wire<Report, Instruction> wire;
    boolean reaches;
  }

  private final World world;
  private final Clockwork clock;
  private final SimDisk disk = new SimDisk();
  private final Map<String, SimSession> sessions = new LinkedHashMap<>();
  private final List<Link> links = new ArrayList<>();
  private @Nullable Link primary;
  private @Nullable Fence guest;
  private boolean up;
  private boolean probing;
  private int life;
  private int boots;
  private long skew;

  SimWorker(World world) {
    this.world = world;
    this.clock = world.clock;
    for (int i = 0; i < World.REPLICAS; i++) {
      links.add(new Link());
    }
  }

  SimDisk disk() {
    return disk;
  }

  boolean up() {
    return up;
  }

  @Nullable Fence guest() {
    return guest;
  }

  boolean noticesBootsByFence() {
    return world.bootsAreNoticedByFence;
  }

  /** Its own wall clock. */
  long wallMillis() {
    return clock.now() + skew;
  }

  Optional<SimSession> session(String uid) {
    return Optional.ofNullable(sessions.get(uid));
  }

  Map<String, SimSession> sessions() {
    return sessions;
  }

  // ---- its life

  void start() {
    up = true;
    life++;
    if (disk.vm != null && world.guest.answers().isEmpty()) {
      // The host was off, and its VM with it.
      power(disk.vm.vmUid());
    }
    for (Map.Entry<String, SimDisk.Files> left : List.copyOf(disk.sessions.entrySet())) {
      recover(left.getKey(), left.getValue());
    }
    suspectGuest();
    for (int i = 0; i < links.size(); i++) {
      dial(i, life);
    }
  }

  private void recover(String uid, SimDisk.Files files) {
    if (world.fault == Fault.RERUN_ON_DOUBT && files.journal.size() == 1) {
      files.journal.removeIf(JournalRecord.Intent.class::isInstance);
    }
    if (files.journal.isEmpty()) {
      disk.sessions.remove(uid);
      return;
    }
    String bootId =
        files.journal.getFirst() instanceof JournalRecord.Intent intent ? intent.bootId() : "";
    Truth truth = world.truth(uid);
    add(
        truth,
        bootId,
        WorkerSession.recovered(
            rules(truth, bootId, SimDispatch.START_TIMEOUT),
            files.journal,
            files.bytes(StdStream.STDOUT),
            files.bytes(StdStream.STDERR),
            wallMillis()));
  }

  void kill() {
    if (!up) {
      return;
    }
    world.tally(Mishap.WORKER_KILLED);
    stop();
    world.workerCrashed();
    if (world.clockJumps && clock.oneIn(3)) {
      world.tally(Mishap.CLOCK_JUMP);
      skew += clock.below(2 * JUMP) - JUMP;
    }
    clock.after(100 + clock.below(3000), this::start);
  }

  void losePower() {
    if (!up) {
      return;
    }
    stop();
    world.guest.powerOff();
    disk.losePower(world);
    clock.after(500 + clock.below(3000), this::start);
  }

  private void stop() {
    up = false;
    guest = null;
    primary = null;
    List.copyOf(sessions.values()).forEach(SimSession::die);
    sessions.clear();
    for (Link link : links) {
      if (link.wire != null) {
        link.wire.die();
        link.wire = null;
      }
      link.reaches = false;
    }
  }

  // ---- its VM

  /** Powers a VM on: the boot is on disk before. */
  void power(String vmUid) {
    disk.vm = new SimObjects.Binding(vmUid, "boot-" + ++boots);
    world.guest.boot(disk.vm.bootId());
    vmChanged();
  }

  void rollBack() {
    if (disk.vm != null) {
      disk.vm = new SimObjects.Binding(disk.vm.vmUid(), "boot-" + ++boots);
      world.guest.rollBack(disk.vm.bootId());
      vmChanged();
    }
  }

  private void dropVm(String vmUid) {
    if (disk.vm != null && disk.vm.vmUid().equals(vmUid)) {
      disk.vm = null;
      world.guest.powerOff();
      vmChanged();
    }
  }

  private void vmChanged() {
    if (up) {
      // The old machine is gone, and the channel into it.
      guest = null;
      lookAtVm();
      reportVm();
      suspectGuest();
    }
  }

  private void lookAtVm() {
    List.copyOf(sessions.values()).forEach(SimSession::lookAtVm);
  }

  /** Every stream to the guest breaks. */
  void cutGuest() {
    List.copyOf(sessions.values()).forEach(SimSession::cutGuest);
    suspectGuest();
  }

  /** Whether it is there by now or not, the guest is asked again a little later. */
  void suspectGuest() {
    if (!up || probing) {
      return;
    }
    probing = true;
    int ofLife = life;
    clock.after(
        10 + clock.below(200),
        () -> {
          probing = false;
          if (up && life == ofLife) {
            probe();
          } else {
            suspectGuest();
          }
        });
  }

  private void probe() {
    Fence there = disk.vm == null ? null : world.guest.answers().orElse(null);
    if (!Objects.equals(there, guest)) {
      guest = there;
      lookAtVm();
      reportVm();
    }
    if (there == null && disk.vm != null) {
      suspectGuest();
    }
  }

  // ---- its sessions

  private static SessionRules rules(Truth truth, String bootId, int timeout) {
    return new SessionRules(
        bootId,
        true,
        false,
        truth.policy,
        Duration.ofMillis(timeout),
        Duration.ofMillis(truth.timeout),
        Duration.ofMillis(truth.idleTimeout),
        Duration.ofSeconds(5));
  }

  private SimSession add(Truth truth, String bootId, WorkerSession core) {
    SimSession session = new SimSession(world, this, truth, bootId, core);
    sessions.put(truth.uid, session);
    session.step(new SessionEvent.KubernetesReachable(reachesKubernetes()));
    if (!core.isAcknowledged()) {
      session.report();
    }
    if (!bootId.isEmpty()) {
      session.lookAtVm();
    }
    return session;
  }

  private void start(String uid, String bootId, int timeout) {
    SimSession known = sessions.get(uid);
    if (known != null) {
      known.report();
      return;
    }
    Truth truth = world.truth(uid);
    add(
        truth,
        bootId,
        WorkerSession.dispatched(rules(truth, bootId, timeout), World.SPEC, wallMillis()));
  }

  private void cancel(String uid) {
    SimSession session = sessions.get(uid);
    if (session == null) {
      Truth truth = world.truth(uid);
      session =
          add(
              truth,
              "",
              WorkerSession.dispatched(
                  rules(truth, "", SimDispatch.START_TIMEOUT), World.SPEC, wallMillis()));
    }
    session.step(new SessionEvent.Cancel(ExitReason.CANCELLED, "cancelled"));
  }

  private void attach(SimAttachment.Request request) {
    if (!request.wire().alive()) {
      return;
    }
    SimSession session = sessions.get(request.uid());
    if (session == null) {
      request.wire().toA.send(new Frame.Failure(ErrorCode.SESSION_GONE, "not here"));
      request.wire().close();
    } else {
      session.attach(request);
    }
  }

  private void stored(SimSession session) {
    session.step(new SessionEvent.OutcomeAcknowledged());
    int ofLife = life;
    if (world.forgets) {
      clock.after(
          RETENTION,
          () -> {
            if (up && life == ofLife && !session.isRead()) {
              forget(session);
            }
          });
    }
  }

  /** Its log and its outcome were kept long enough. */
  private void forget(SimSession session) {
    world.tally(Mishap.FORGOTTEN);
    session.truth().forgotten = true;
    session.die();
    sessions.remove(session.truth().uid);
    disk.sessions.remove(session.truth().uid);
  }

  // ---- its links

  private void dial(int number, int ofLife) {
    clock.after(
        20 + clock.below(800),
        () -> {
          if (!up || life != ofLife) {
            return;
          }
          Link link = links.get(number);
          SimReplica replica = world.replicas.get(number);
          if (link.wire == null && replica.takesLinks()) {
            connect(link, replica);
          }
          dial(number, ofLife);
        });
  }

  private void connect(Link link, SimReplica replica) {
    Wire<Report, Instruction> wire = new Wire<>(clock, 6);
    link.wire = wire;
    wire.endB(
        instruction -> {
          if (up && link.wire == wire) {
            obey(link, instruction);
          }
        },
        () -> {
          if (up && link.wire == wire) {
            link.wire = null;
            released(link);
          }
        });
    replica.accept(wire);
    if (primary == null) {
      primary = link;
    }
    wire.toA.send(new Report.Register(primary == link));
    reportVm(wire);
    for (SimSession session : List.copyOf(sessions.values())) {
      if (!session.core().isAcknowledged()) {
        session.report();
      }
    }
    wire.toA.send(new Report.Synced());
  }

  private void released(Link link) {
    if (primary == link) {
      primary = null;
      for (Link other : links) {
        if (primary == null && other.wire != null) {
          promote(other);
        }
      }
    }
    reaches(link, false);
  }

  private void promote(Link link) {
    primary = link;
    if (link.wire != null) {
      link.wire.toA.send(new Report.Register(true));
    }
  }

  private void reaches(Link link, boolean reachable) {
    boolean before = reachesKubernetes();
    link.reaches = reachable;
    if (before != reachesKubernetes()) {
      for (SimSession session : List.copyOf(sessions.values())) {
        session.step(new SessionEvent.KubernetesReachable(!before));
      }
    }
  }

  private boolean reachesKubernetes() {
    return links.stream().anyMatch(link -> link.reaches);
  }

  void report(Report report) {
    for (Link link : links) {
      if (link.wire != null) {
        link.wire.toA.send(report);
      }
    }
  }

  private void reportVm() {
    for (Link link : links) {
      if (link.wire != null) {
        reportVm(link.wire);
      }
    }
  }

  private void reportVm(Wire<Report, Instruction> wire) {
    SimObjects.Binding vm = disk.vm;
    if (vm != null) {
      wire.toA.send(new Report.Vm(vm.vmUid(), vm.bootId(), guest != null));
    }
  }

  private void obey(Link link, Instruction instruction) {
    world.trace("worker", instruction);
    switch (instruction) {
      case Instruction.Start(String uid, String bootId, int timeout) -> start(uid, bootId, timeout);
      case Instruction.Attach(SimAttachment.Request request) -> attach(request);
      case Instruction.Cancel(String uid) -> cancel(uid);
      case Instruction.Stored(String uid) -> session(uid).ifPresent(this::stored);
      case Instruction.Kubernetes(boolean reachable) -> reaches(link, reachable);
      case Instruction.StartVm(String uid) -> {
        if (disk.vm == null) {
          power(uid);
        }
      }
      case Instruction.DropVm(String uid) -> dropVm(uid);
      case Instruction.Draining() -> {
        if (primary == link) {
          links.stream()
              .filter(other -> other != link && other.wire != null)
              .findFirst()
              .ifPresent(this::promote);
        }
      }
    }
  }

  /** The wire to a replica, to be harmed. */
  Optional<Wire<Report, Instruction>> wire(int number) {
    return Optional.ofNullable(links.get(number).wire);
  }
}
