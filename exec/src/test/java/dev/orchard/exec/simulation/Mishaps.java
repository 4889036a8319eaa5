package dev.orchard.exec.simulation;

import dev.orchard.exec.session.DisconnectPolicy;
import dev.orchard.exec.simulation.SimClient.Role;
import dev.orchard.exec.simulation.SimLink.Instruction;
import dev.orchard.exec.simulation.SimObjects.Exec;
import java.util.function.Consumer;

/** What befalls a world: which faults, how often, and what people do. The seed decides. */
final class Mishaps {
  private final World world;
  private final Clockwork clock;
  private final int crashOneIn;
  private final boolean crashes;
  private final boolean diesWithWorker;
  private boolean guestChanged;
  private boolean vmDeleted;
  private int toCome;

  Mishaps(World world) {
    this.world = world;
    this.clock = world.clock;
    this.crashes = clock.oneIn(2);
    this.crashOneIn = 5 + clock.below(400);
    this.diesWithWorker = clock.oneIn(8);
    int sessions = 1 + clock.below(3);
    for (int i = 0; i < sessions; i++) {
      person(Character.toString('a' + i));
    }
    links();
    replicas();
    kubernetes();
    host();
    guest();
    clock.after(World.FAULTS_UNTIL, this::heal);
  }

  boolean crashNow() {
    return crashes && world.faulty() && clock.oneIn(crashOneIn);
  }

  boolean moreToCome() {
    return toCome > 0;
  }

  boolean guestMayKeep() {
    return guestChanged;
  }

  private void once(Mishap mishap, int oneIn, int before, Runnable what) {
    if (clock.oneIn(oneIn)) {
      toCome++;
      clock.after(
          clock.below(before),
          () -> {
            toCome--;
            world.tally(mishap);
            what.run();
          });
    }
  }

  private void often(Mishap mishap, int oneIn, int every, Runnable what) {
    if (clock.oneIn(oneIn)) {
      again(mishap, every, what);
    }
  }

  private void again(Mishap mishap, int every, Runnable what) {
    clock.after(
        1 + clock.below(every),
        () -> {
          if (world.faulty()) {
            world.tally(mishap);
            what.run();
            again(mishap, every, what);
          }
        });
  }

  // ---- people

  private void person(String name) {
    int size = clock.oneIn(8) ? clock.below(400_000) : clock.below(2_000);
    int begin = clock.below(clock.oneIn(3) ? 6_000 : 300);
    if (clock.oneIn(3)) {
      // As kubectl apply does.
      clock.after(begin, () -> world.api.create(name, null));
    }
    clock.after(begin, () -> join(name, Role.OWNER, 0, size));
    if (clock.oneIn(2)) {
      clock.after(begin + clock.below(4_000), () -> join(name, Role.READER, 0, 0));
    }
    if (clock.oneIn(3)) {
      clock.after(begin + 500 + clock.below(4_000), () -> joinLate(name));
    }
    once(Mishap.TAKEOVER, 5, begin + 4_000, () -> join(name, Role.TAKER, 0, size));
    once(
        Mishap.CLIENT_GAVE_UP,
        8,
        begin + 5_000,
        () -> each(client -> client.name.equals(name), SimClient::giveUp));
    once(
        Mishap.DETACHED, 6, begin + 3_000, () -> each(c -> c.name.equals(name), SimClient::detach));
    once(Mishap.CANCELLED, 8, begin + 4_000, () -> cancel(name));
    once(Mishap.OBJECT_DELETED, 10, begin + 5_000, () -> delete(name, size));
    often(
        Mishap.CLIENT_CUT,
        2,
        400 + clock.below(2_000),
        () -> each(client -> client.name.equals(name), SimClient::cut));
  }

  private void join(String name, Role role, long from, int size) {
    SimClient client = new SimClient(world, name, role, from, size);
    world.clients.add(client);
  }

  private void joinLate(String name) {
    Exec exec = world.api.get(name);
    if (exec != null) {
      long end = world.worker.disk().end(exec.uid());
      long from = end == 0 ? 0 : clock.below((int) end);
      world.clients.add(
          new SimClient(world, name, Role.LATE_READER, from, 0).of(world.truth(exec.uid())));
    }
  }

  private void each(java.util.function.Predicate<SimClient> which, Consumer<SimClient> what) {
    // Whoever is harmed may bring others along.
    java.util.List.copyOf(world.clients).stream().filter(which).forEach(what);
  }

  private void cancel(String name) {
    Exec exec = world.api.get(name);
    if (exec != null && !world.api.isAway()) {
      world.truth(exec.uid()).mayBeCancelled = true;
      world.api.cancel(name);
      world.anyReplica().tell(new Instruction.Cancel(exec.uid()));
    }
  }

  /** And perhaps another one of the same name is made. */
  private void delete(String name, int size) {
    Exec exec = world.api.get(name);
    if (exec == null || world.api.isAway()) {
      return;
    }
    Truth truth = world.truth(exec.uid());
    truth.mayBeCancelled = true;
    truth.deleted = true;
    world.api.delete(name);
    if (clock.oneIn(2)) {
      world.tally(Mishap.OBJECT_MADE_AGAIN);
      clock.after(clock.below(3_000), () -> join(name, Role.OWNER, 0, size));
    }
  }

  void created(Truth truth) {
    truth.mayBeLost |= guestChanged;
  }

  // ---- the network and the replicas

  private void links() {
    for (int i = 0; i < World.REPLICAS; i++) {
      int number = i;
      often(
          Mishap.LINK_CUT,
          4,
          500 + clock.below(4_000),
          () -> world.worker.wire(number).ifPresent(Wire::cut));
      often(
          Mishap.LINK_HALF_OPEN,
          6,
          4_000,
          () -> world.worker.wire(number).ifPresent(w -> w.cut(8_000, 300)));
    }
  }

  private void replicas() {
    often(Mishap.REPLICA_KILLED, 3, 5_000, () -> world.anyReplica().kill());
    often(Mishap.REPLICA_DRAINED, 5, 6_000, () -> world.anyReplica().drain());
    often(
        Mishap.INFORMER_STALE, 3, 4_000, () -> world.anyReplica().stale(500 + clock.below(5_000)));
  }

  private void kubernetes() {
    once(Mishap.API_AWAY, 5, 8_000, () -> apiAway(500 + clock.below(8_000)));
    once(Mishap.OPERATOR_KILLED, 5, 8_000, () -> world.operators.getFirst().kill());
    if (clock.oneIn(3)) {
      world.operators.getLast().start();
      world.operators.getLast().stale(clock.below(8_000));
    }
  }

  private void apiAway(int millis) {
    world.api.away(true);
    clock.after(millis, () -> world.api.away(false));
  }

  // ---- the host and the guest

  private void host() {
    often(Mishap.GUEST_CUT, 2, 300 + clock.below(3_000), world.worker::cutGuest);
    if (clock.oneIn(3)) {

      killAgain(2_500 + clock.below(4_000));
    }
    once(
        Mishap.POWER_LOST,
        12,
        6_000,
        () -> {
          guestChanges();
          world.worker.losePower();
        });
    once(Mishap.LOG_DAMAGED, 10, 5_000, () -> world.worker.disk().damage(clock));
    once(Mishap.DISK_FULL, 12, 4_000, () -> diskFull(500 + clock.below(3_000)));
  }

  private void killAgain(int every) {
    clock.after(
        1 + clock.below(every),
        () -> {
          if (world.faulty()) {
            world.worker.kill();
            killAgain(every);
          }
        });
  }

  private void diskFull(int millis) {
    world.worker.disk().full = true;
    clock.after(millis, () -> world.worker.disk().full = false);
  }

  private void guest() {
    once(
        Mishap.AGENT_RESTARTED,
        10,
        6_000,
        () -> {
          guestChanges();
          world.guest.restartAgent();
          world.worker.cutGuest();
        });
    once(Mishap.VM_REBOOTED, 12, 6_000, () -> anotherBoot(false));
    once(Mishap.VM_ROLLED_BACK, 16, 6_000, () -> anotherBoot(true));
    once(Mishap.VM_DELETED, 14, 6_000, this::deleteVm);
  }

  private void anotherBoot(boolean back) {
    SimObjects.Binding vm = world.worker.disk().vm;
    if (vm != null && world.worker.up()) {
      guestChanges();
      world.worker.cutGuest();
      if (back) {
        world.worker.rollBack();
      } else {
        world.worker.power(vm.vmUid());
      }
    }
  }

  /** Another one of its name may follow. */
  private void deleteVm() {
    if (world.api.isAway()) {
      return;
    }
    guestChanges();
    vmDeleted = true;
    world.api.deleteVm();
    if (clock.oneIn(2)) {
      clock.after(clock.below(4_000), () -> world.api.createVm("vm.1"));
    }
  }

  /** Whatever runs, or is bound and has not started, may be lost from now on. */
  private void guestChanges() {
    guestChanged = true;
    world.truths().forEach(truth -> truth.mayBeLost = true);
  }

  /** Some hosts lose the agent together with the daemon. */
  void workerCrashed() {
    if (diesWithWorker && clock.oneIn(3)) {
      clock.after(
          clock.below(100),
          () -> {
            world.tally(Mishap.AGENT_RESTARTED);
            guestChanges();
            world.guest.restartAgent();
          });
    }
  }

  private boolean isLeft(Exec exec) {
    Truth truth = world.truth(exec.uid());
    boolean read =
        world.clients.stream().anyMatch(c -> c.name.equals(exec.name()) && c.outcome().isEmpty());
    return truth.policy == DisconnectPolicy.TERMINATE && truth.runs > 0 && !truth.detached && !read;
  }

  /** From now on nothing breaks any more, and somebody looks after what was left. */
  private void heal() {
    world.api.away(false);
    world.worker.disk().full = false;
    world.operators.forEach(SimOperator::start);
    if (vmDeleted && world.api.vm() == null) {
      world.truths().forEach(truth -> truth.mayBeLost = true);
    }
    for (Exec exec : world.api.execs().values()) {
      boolean written =
          world.clients.stream().anyMatch(c -> c.name.equals(exec.name()) && c.writes());
      if (!exec.ended() && isLeft(exec)) {
        // Its lease ends it.
        world.tally(Mishap.LEFT_ALONE);
        world.truth(exec.uid()).mayBeCancelled = true;
        continue;
      }
      if (!exec.ended()) {
        // Some processes wait until somebody reads.
        join(exec.name(), Role.READER, 0, 0);
      }
      if (!exec.ended() && !written) {
        join(exec.name(), Role.TAKER, 0, 1_000);
      }
    }
  }
}
