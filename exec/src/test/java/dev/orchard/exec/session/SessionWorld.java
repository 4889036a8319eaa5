package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One session with its client, replicas, worker and guest under seeded faults, and what must be
 * true of it: no byte lost or doubled, at most one start, one outcome that is never falsely a
 * success, and an end once the faults stop.
 */
final class SessionWorld {
  static final String ID = "4f1c";
  private static final long FAULTS_UNTIL = 60_000;
  private static final long LIMIT = 600_000;

  final Clockwork clock;
  final Fault fault;
  final SimGuest guest;
  final SimReplicas replicas;
  final SimWorker worker;
  final SimClient client;
  private final SimProgram program;
  private final long start;
  private final int crashOneIn;
  private final List<String> violations = new ArrayList<>();
  private final StreamBytes written = new StreamBytes();
  private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
  private boolean guestDied;
  private boolean vmDeleted;
  private boolean diesWithWorker;
  private boolean cancelled;
  private long overSince;
  private int runs;

  SessionWorld(long seed, Fault fault) {
    this.clock = new Clockwork(seed);
    this.fault = fault;
    this.start = clock.now();
    this.program = new SimProgram(clock.random);
    this.crashOneIn = 5 + clock.random.nextInt(400);
    this.guest = new SimGuest(this, program);
    this.replicas = new SimReplicas(this);
    this.worker = new SimWorker(this);
    this.client = new SimClient(this, program.stdin);
    replicas.create();
    plan();
  }

  private void plan() {
    int kinds = clock.random.nextInt(64);
    often((kinds & 1) != 0, 400, client::cut);
    often((kinds & 2) != 0, 700, () -> worker.cutGuest());
    often((kinds & 4) != 0, 1500, replicas::cutLink);
    often(
        (kinds & 8) != 0,
        2500,
        () -> {
          if (worker.up()) {
            worker.kill();
          }
        });
    once((kinds & 48) == 48 && clock.chance(2), this::guestDies);
    once((kinds & 48) == 32 && clock.chance(4), this::deleteVm);
    diesWithWorker = (kinds & 48) == 16;
    once(
        clock.chance(8),
        () -> {
          cancelled = true;
          replicas.cancel();
        });
  }

  private void deleteVm() {
    guestDied = true;
    vmDeleted = true;
    guest.boot();
    worker.cutGuest();
    replicas.vmDeleted();
  }

  boolean vmDeleted() {
    return vmDeleted;
  }

  /** Some hosts lose the agent together with the daemon. */
  void workerCrashed() {
    if (diesWithWorker && clock.chance(3)) {
      clock.after(clock.random.nextInt(100), this::guestDies);
    }
  }

  private void guestDies() {
    guestDied = true;
    if (clock.random.nextBoolean()) {
      guest.boot();
    } else {
      guest.restartAgent();
    }
    worker.cutGuest();
  }

  private void often(boolean planned, int every, Runnable fault) {
    if (planned) {
      clock.after(
          clock.random.nextInt(every),
          () -> {
            if (faulty()) {
              fault.run();
              often(true, every, fault);
            }
          });
    }
  }

  private void once(boolean planned, Runnable fault) {
    if (planned) {
      clock.after(clock.random.nextInt(4000), fault);
    }
  }

  private boolean faulty() {
    return clock.now() - start < FAULTS_UNTIL;
  }

  /** Whether the worker dies between two of its actions. */
  boolean crashNow() {
    return faulty() && clock.chance(crashOneIn);
  }

  void processStarted() {
    runs++;
    if (runs > 1) {
      violated("the command was started " + runs + " times");
    }
  }

  void processWrote(SimProgram.Write write) {
    written.add(write.stream(), write.data());
  }

  void processTook(ByteString data) {
    taken.writeBytes(data.toByteArray());
  }

  void outcomeWritten(Frame.@Nullable Exit before, Frame.Exit now) {
    if (before != null && !before.equals(now)) {
      violated("the outcome changed from " + before + " to " + now);
    }
  }

  void violated(String what) {
    violations.add(what);
  }

  /** Runs to the end and says what was violated. */
  List<String> run() {
    boolean ended = clock.run(start + LIMIT, () -> !violations.isEmpty() || isSettled());
    if (!ended && !isOver()) {
      violated("no end: " + client.session.outcome() + ", object " + replicas.outcome());
    } else if (!ended && !guestDied) {
      violated("the guest still holds a session whose outcome is stored");
    }
    checkBytes();
    checkOutcome();
    return violations;
  }

  /** Over for so long that whatever was still on its way has arrived. */
  private boolean isSettled() {
    if (!isOver() || !guest.isEmpty()) {
      overSince = clock.now();
    }
    return clock.now() - overSince > 5_000;
  }

  private boolean isOver() {
    return client.session.outcome().isPresent() && replicas.outcome() != null;
  }

  private void checkBytes() {
    for (StdStream stream : StdStream.values()) {
      ByteString got = client.received.bytes(stream);
      ByteString sent = written.bytes(stream);
      if (!sent.startsWith(got)) {
        violated(stream + " differs from what the process wrote");
      }
    }
    if (!program.stdin.startsWith(ByteString.copyFrom(taken.toByteArray()))) {
      violated("stdin reached the process otherwise than it was sent");
    }
  }

  private void checkOutcome() {
    Frame.Exit object = replicas.outcome();
    if (object == null || !(client.session.outcome().orElse(null) instanceof Outcome.Known known)) {
      if (!guestDied && !cancelled && violations.isEmpty()) {
        violated("the outcome stayed unknown: " + client.session.outcome() + ", " + object);
      }
      return;
    }
    // Where the VM was deleted the operator may have had the first word in the object.
    if (!known.exit().equals(object) && !(vmDeleted && object.reason() == ExitReason.LOST)) {
      violated("the client saw " + known.exit() + ", the object says " + object);
    }
    if (known.exit().reason() == ExitReason.EXITED) {
      checkComplete(known.exit());
    } else if (!guestDied && !cancelled) {
      violated("ended without cause as " + known.exit());
    }
  }

  private void checkComplete(Frame.Exit exit) {
    if (exit.code() == null || exit.code() != program.code) {
      violated("exit code " + exit.code() + " instead of " + program.code);
    }
    for (StdStream stream : StdStream.values()) {
      if (client.received.size(stream) != written.size(stream)) {
        violated(stream + " ended early, though the outcome is known");
      }
    }
    if (program.readsStdin && taken.size() != program.stdin.size()) {
      violated("the process exited before its stdin had arrived whole");
    }
  }
}
