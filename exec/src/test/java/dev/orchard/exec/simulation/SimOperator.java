package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.simulation.SimObjects.Binding;
import dev.orchard.exec.simulation.SimObjects.Exec;
import dev.orchard.exec.simulation.SimObjects.Vm;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An operator, as far as VMExecs go: binds what is unbound, and judges absence. Modelled after the
 * operator's own judgement, which is in a module that knows nothing of this one: by its caches
 * first, then by a live look at the VM; it writes with the version that it has cached.
 */
final class SimOperator {
  private static final int PERIOD = 5_000;
  private static final int REPORT_GRACE = 30_000;
  private static final int START_TIMEOUT = SimDispatch.START_TIMEOUT;

  /** What is to be done about one object. */
  private sealed interface Judgement {
    record Bind(Binding binding) implements Judgement {}

    record End(Frame.Exit exit) implements Judgement {}

    record Leave() implements Judgement {}
  }

  private final World world;
  private final Clockwork clock;
  private SimApi.@Nullable Informer informer;
  private boolean changed;
  private int life;

  SimOperator(World world) {
    this.world = world;
    this.clock = world.clock;
  }

  boolean up() {
    return informer != null;
  }

  void start() {
    if (informer == null) {
      informer = world.api.watch(this::changed);
      tick(++life);
    }
  }

  void kill() {
    world.api.unwatch(informer);
    informer = null;
  }

  void stale(int millis) {
    if (informer != null) {
      informer.stale(millis);
    }
  }

  private void tick(int ofLife) {
    changed();
    clock.after(
        PERIOD,
        () -> {
          if (informer != null && life == ofLife) {
            tick(ofLife);
          }
        });
  }

  private void changed() {
    if (!changed) {
      changed = true;
      clock.after(
          clock.below(20),
          () -> {
            changed = false;
            judgeAll();
          });
    }
  }

  private void judgeAll() {
    SimApi.Informer seen = informer;
    if (seen == null || world.api.isAway()) {
      return;
    }
    for (Exec exec : List.copyOf(seen.execs.values())) {
      if (!(judge(exec, seen.vm) instanceof Judgement.Leave)) {
        world.api.<Judgement>call(
            () -> judge(exec, world.api.vm()), live -> act(exec, live), () -> {});
      }
    }
  }

  private void act(Exec exec, Judgement judgement) {
    switch (judgement) {
      case Judgement.Bind(Binding binding) -> update(exec.bound(binding, clock.now()));
      case Judgement.End(Frame.Exit exit) ->
          update(exec.finished(exit, false, world.fault == Fault.LAST_OUTCOME_WINS));
      case Judgement.Leave() -> {}
    }
  }

  private void update(Exec changedExec) {
    world.api.<Boolean>call(() -> world.api.update(changedExec), written -> {}, () -> {});
  }

  private Judgement judge(Exec exec, @Nullable Vm vm) {
    if (exec.ended()) {
      return new Judgement.Leave();
    }
    Binding bound = exec.boundTo();
    return bound == null ? unbound(exec, vm) : bound(exec, bound, vm);
  }

  private Judgement unbound(Exec exec, @Nullable Vm vm) {
    Binding target = exec.target();
    if (target != null) {
      return isGone(target, vm) ? lost("its VM was deleted") : new Judgement.Bind(target);
    }
    if (exec.cancelled()) {
      return new Judgement.End(
          Frame.Exit.withoutProcess(null, ExitReason.CANCELLED, "before it was bound"));
    }
    if (clock.now() >= exec.createdAt() + START_TIMEOUT) {
      return new Judgement.End(
          Frame.Exit.withoutProcess(null, ExitReason.START_FAILED, "not started in time"));
    }
    return vm == null || vm.bootId() == null || !vm.connected()
        ? new Judgement.Leave()
        : new Judgement.Bind(new Binding(vm.uid(), vm.bootId()));
  }

  private Judgement bound(Exec exec, Binding bound, @Nullable Vm vm) {
    if (isGone(bound, vm)) {
      return lost("its VM was deleted");
    }
    boolean same = vm == null || vm.bootId() == null || vm.bootId().equals(bound.bootId());
    long since = Math.max(exec.boundAt(), vm == null ? 0 : vm.changedAt());
    return same || clock.now() < since + REPORT_GRACE
        ? new Judgement.Leave()
        : lost("its VM has been restarted");
  }

  private static boolean isGone(Binding binding, @Nullable Vm vm) {
    return vm == null || !Objects.equals(vm.uid(), binding.vmUid());
  }

  private static Judgement lost(String why) {
    return new Judgement.End(Frame.Exit.lost(0, 0, Duration.ZERO, "the operator: " + why));
  }
}
