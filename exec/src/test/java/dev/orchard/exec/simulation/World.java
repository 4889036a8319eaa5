package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Fence;
import dev.orchard.exec.simulation.Checks.Violation;
import dev.orchard.exec.simulation.SimObjects.Exec;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Some sessions with their clients, an API server, three replicas, two operators, a worker and its
 * guest. The seed decides everything.
 */
final class World {
  static final int REPLICAS = 3;
  static final ByteString SPEC = ByteString.copyFromUtf8("spec");

  /** Every step of a world is printed where a single seed was asked for. */
  private static final boolean TRACED = Long.getLong("orchard.simulation.seed") != null;

  static final int FAULTS_UNTIL = 15_000;

  /** Grace periods of the operator and of leases among it. */
  private static final int ENDS_WITHIN = 150_000;

  /** What is still on its way when all is over has arrived by then. */
  private static final int SETTLES_WITHIN = 2_500;

  private static final int LOOKS_EVERY = 100;

  final Clockwork clock;
  final Fault fault;
  final Checks checks = new Checks(this);
  final SimApi api;
  final SimGuest guest;
  final SimWorker worker;
  final List<SimReplica> replicas = new ArrayList<>();
  final List<SimOperator> operators = new ArrayList<>();
  final List<SimClient> clients = new ArrayList<>();
  final Map<Mishap, Integer> tallies = new EnumMap<>(Mishap.class);
  final boolean apiLosesReplies;
  final boolean duplicates;
  final boolean clockJumps;
  final boolean forgets;
  final boolean bootsAreNoticedByFence;
  private final Map<String, Truth> truths = new LinkedHashMap<>();
  private final Mishaps mishaps;
  private final long start;
  private long overSince;
  private long lookAt;

  World(long seed, Fault fault) {
    this.clock = new Clockwork(seed);
    this.fault = fault;
    this.start = clock.now();
    this.apiLosesReplies = clock.oneIn(3);
    this.duplicates = clock.oneIn(3);
    this.clockJumps = clock.oneIn(4);
    this.forgets = clock.oneIn(4);
    this.bootsAreNoticedByFence = clock.oneIn(3);
    this.api = new SimApi(this);
    this.guest = new SimGuest(this);
    this.worker = new SimWorker(this);
    for (int i = 0; i < REPLICAS; i++) {
      replicas.add(new SimReplica(this));
    }
    operators.add(new SimOperator(this));
    operators.add(new SimOperator(this));
    api.createVm("vm.0");
    replicas.forEach(SimReplica::start);
    operators.getFirst().start();
    worker.power("vm.0");
    worker.start();
    this.mishaps = new Mishaps(this);
  }

  // ---- what its inhabitants ask and tell

  boolean faulty() {
    return clock.now() - start < FAULTS_UNTIL;
  }

  /** For whoever looks into one seed. */
  void trace(String who, Object what) {
    if (TRACED) {
      System.out.printf("%7d %-10s %s%n", clock.now() - start, who, what);
    }
  }

  void tally(Mishap mishap) {
    trace("mishap", mishap);
    tallies.merge(mishap, 1, Integer::sum);
  }

  void require(Invariant invariant, boolean holds, Supplier<String> otherwise) {
    checks.require(invariant, holds, otherwise);
  }

  boolean crashNow() {
    return mishaps.crashNow();
  }

  void workerCrashed() {
    mishaps.workerCrashed();
  }

  SimReplica anyReplica() {
    return replicas.get(clock.below(REPLICAS));
  }

  Truth truth(String uid) {
    return Objects.requireNonNull(truths.get(uid), uid);
  }

  Iterable<Truth> truths() {
    return truths.values();
  }

  void created(Exec exec) {
    Truth truth = new Truth(exec.uid(), exec.name(), clock);
    if (exec.target() != null) {
      truth.boundBoot = exec.target().bootId();
    }
    truths.put(exec.uid(), truth);
    mishaps.created(truth);
  }

  void objectChanges(Exec now, Exec changed) {
    Truth truth = truth(now.uid());
    if (changed.boundTo() != null) {
      truth.boundBoot = changed.boundTo().bootId();
    }
    trace("object", changed);
    checks.objectChanges(truth, now, changed);
  }

  void journalled(Truth truth, Frame.Exit exit) {
    checks.journalled(truth, exit);
  }

  void processStarted(Truth truth, Fence fence) {
    checks.processStarted(truth, fence);
  }

  // ---- its course

  /** Runs to the end and says what was violated. */
  List<Violation> run() {
    boolean settled =
        clock.run(
            start + FAULTS_UNTIL + ENDS_WITHIN,
            () -> !checks.violations().isEmpty() || isSettled());
    if (!settled) {
      checks.require(Invariant.I7_PROGRESS, false, this::unfinished);
    }
    if (checks.violations().isEmpty()) {
      truths.values().forEach(checks::atEnd);
    }
    return checks.violations();
  }

  long events() {
    return clock.events();
  }

  int sessions() {
    return truths.size();
  }

  private boolean isSettled() {
    if (clock.now() < lookAt) {
      return false;
    }
    lookAt = clock.now() + LOOKS_EVERY;
    if ((faulty() && mishaps.moreToCome()) || !isOver()) {
      overSince = clock.now();
    }
    return clock.now() - overSince > SETTLES_WITHIN;
  }

  private boolean isOver() {
    for (SimClient client : clients) {
      if (client.outcome().isEmpty()) {
        return false;
      }
    }
    for (Exec exec : api.execs().values()) {
      if (!exec.ended()) {
        return false;
      }
    }
    if (!worker.up()) {
      return false;
    }
    for (SimSession session : worker.sessions().values()) {
      if (!session.core().isAcknowledged()) {
        return false;
      }
    }
    // What could not be recorded is killed in the guest, and forgotten there when the agent ends.
    return mishaps.guestMayKeep() || guest.ids().stream().allMatch(this::isUnrecorded);
  }

  private boolean isUnrecorded(String uid) {
    Truth truth = truths.get(uid);
    return truth != null && truth.unrecorded;
  }

  private String unfinished() {
    StringBuilder what = new StringBuilder("no end:");
    for (SimClient client : clients) {
      if (client.outcome().isEmpty()) {
        what.append(" client ").append(client.role).append(" of ").append(client.name);
      }
    }
    for (Exec exec : api.execs().values()) {
      if (!exec.ended()) {
        what.append(" object ").append(exec);
      }
    }
    for (SimSession session : worker.sessions().values()) {
      if (!session.core().isAcknowledged()) {
        what.append(" worker ")
            .append(session.truth().uid)
            .append(' ')
            .append(session.core().phase());
      }
    }
    if (!guest.ids().isEmpty()) {
      what.append(" guest keeps ").append(guest.ids());
    }
    return what.toString();
  }
}
