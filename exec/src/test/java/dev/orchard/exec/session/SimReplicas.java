package dev.orchard.exec.session;

import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The API server's object and the replicas in front of it, of which any may dispatch with a stale
 * view: what drives {@link Dispatch} in the simulation.
 */
final class SimReplicas {
  private final SessionWorld world;
  private final Clockwork clock;
  private boolean created;
  private boolean cancelled;
  private Frame.@Nullable Exit outcome;
  private boolean linked = true;

  SimReplicas(SessionWorld world) {
    this.world = world;
    this.clock = world.clock;
    resync();
  }

  void create() {
    created = true;
  }

  void cancel() {
    cancelled = true;
  }

  Frame.@Nullable Exit outcome() {
    return outcome;
  }

  boolean reachesWorker() {
    return linked && world.worker.up();
  }

  void cutLink() {
    linked = false;
    clock.after(200 + clock.random.nextInt(2000), () -> linked = true);
  }

  void workerChanged() {
    clock.after(clock.random.nextInt(50), this::decide);
  }

  private void resync() {
    clock.after(
        100 + clock.random.nextInt(400),
        () -> {
          decide();
          resync();
        });
  }

  private void decide() {
    if (!reachesWorker()) {
      return;
    }
    // What this replica's informer shows may be some time old.
    boolean seenFinished = outcome != null;
    boolean seenCancelled = cancelled;
    boolean seenCreated = created;
    clock.after(clock.random.nextInt(300), () -> act(seenCreated, seenFinished, seenCancelled));
  }

  private void act(boolean seenCreated, boolean seenFinished, boolean seenCancelled) {
    if (!reachesWorker()) {
      return;
    }
    WorkerSession there = world.worker.session().orElse(null);
    Frame.Exit reported = there == null ? null : there.exit().orElse(null);
    Dispatch.Decision decision =
        Dispatch.decide(
            seenCreated ? new Dispatch.Wanted(seenFinished, seenCancelled, false) : null,
            there == null
                ? null
                : new Dispatch.Reported(reported != null, reported == null || seenFinished),
            true);
    switch (decision) {
      // Nothing says here that it started, and a simulated worker keeps its disk.
      case NOTHING, VERIFY_ABSENCE, LOSE -> {}
      case START -> {
        world.worker.startExec();
        if (clock.chance(3)) {
          world.worker.startExec();
        }
      }
      case CANCEL -> world.worker.cancelExec();
      case WRITE -> {
        if (reported != null) {
          clock.after(clock.random.nextInt(100), () -> write(reported));
        }
      }
      case ACKNOWLEDGE -> world.worker.outcomeStored();
    }
  }

  /** The operator's word on a session whose VM is gone; the worker may have its own. */
  void vmDeleted() {
    clock.after(
        clock.random.nextInt(3000),
        () -> write(Frame.Exit.lost(0, 0, Duration.ZERO, "the operator: its VM was deleted")));
  }

  /** The object's own rule: the first outcome stays. */
  private void write(Frame.Exit exit) {
    if (outcome == null || world.fault == Fault.LAST_OUTCOME_WINS) {
      world.outcomeWritten(outcome, exit);
      outcome = exit;
    }
  }
}
