package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Fence;
import dev.orchard.exec.session.Outcome;
import dev.orchard.exec.simulation.SimObjects.Exec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/** Compares what is said with what is true, and collects what does not agree. */
final class Checks {
  /** What did not hold. */
  record Violation(Invariant invariant, String what) {}

  private final World world;
  private final List<Violation> violations = new ArrayList<>();

  Checks(World world) {
    this.world = world;
  }

  List<Violation> violations() {
    return violations;
  }

  void require(Invariant invariant, boolean holds, Supplier<String> otherwise) {
    if (!holds && violations.size() < 5) {
      violations.add(new Violation(invariant, otherwise.get()));
    }
  }

  void processStarted(Truth truth, Fence fence) {
    truth.runs++;
    require(
        Invariant.I1_ONE_RUN,
        truth.runs == 1,
        () -> truth.uid + " was started " + truth.runs + " times");
    require(
        Invariant.I8_NOT_MIXED,
        fence.bootId().equals(truth.boundBoot),
        () -> truth.uid + " is bound to " + truth.boundBoot + ", started in " + fence.bootId());
    Frame.Exit told = truth.inObject == null ? truth.journalled : truth.inObject;
    require(
        Invariant.I4_ONE_OUTCOME,
        told == null || told.reason() == ExitReason.LOST,
        () -> truth.uid + " is started after it ended as " + told);
  }

  // ---- outcomes

  void journalled(Truth truth, Frame.Exit exit) {
    Frame.Exit before = truth.journalled;
    require(
        Invariant.I4_ONE_OUTCOME,
        before == null || before.equals(exit),
        () -> truth.uid + ": the journal had " + before + ", now " + exit);
    truth.journalled = exit;
    hasCause(truth, exit, "journal");
  }

  void objectChanges(Truth truth, Exec now, Exec changed) {
    if (now.boundTo() != null) {
      require(
          Invariant.I8_NOT_MIXED,
          now.boundTo().equals(changed.boundTo()),
          () -> truth.uid + " is bound anew");
    }
    Frame.Exit exit = changed.exit();
    if (exit == null || exit.equals(now.exit())) {
      require(
          Invariant.I4_ONE_OUTCOME,
          exit != null || now.exit() == null,
          () -> "an outcome vanished");
      return;
    }
    require(
        Invariant.I4_ONE_OUTCOME,
        now.exit() == null,
        () -> truth.uid + ": the object had " + now.exit() + ", now " + exit);
    truth.inObject = exit;
    // What the object says to be over is ended on its worker.
    truth.mayBeCancelled |= !changed.fromWorker();
    if (changed.fromWorker()) {
      require(
          Invariant.I4_ONE_OUTCOME,
          exit.equals(truth.journalled),
          () -> truth.uid + ": written " + exit + ", journalled " + truth.journalled);
    }
    hasCause(truth, exit, "object");
  }

  /** Nothing ends in a way that nothing has led to. */
  private void hasCause(Truth truth, Frame.Exit exit, String where) {
    boolean caused =
        switch (exit.reason()) {
          case EXITED -> truth.exited;
          case SIGNALED -> truth.unrecorded;
          case CANCELLED, OUTPUT_LIMIT -> truth.mayBeCancelled;
          case LOST -> truth.mayBeLost;
          case START_FAILED -> truth.mayBeLost || truth.program.kind == SimProgram.Kind.NOT_FOUND;
          case TIMED_OUT -> truth.timeout > 0;
          case IDLE_TIMED_OUT -> truth.idleTimeout > 0;
        };
    require(
        Invariant.I4_ONE_OUTCOME,
        caused,
        () -> truth.uid + ": without cause the " + where + " says " + exit);
    if (exit.reason() == ExitReason.EXITED) {
      isTrue(truth, exit);
    }
  }

  private void isTrue(Truth truth, Frame.Exit exit) {
    SimProgram program = truth.program;
    require(
        Invariant.HONEST_SUCCESS,
        truth.exited && exit.code() != null && exit.code() == program.code,
        () -> truth.uid + " is said to have exited with " + exit.code());
    boolean cutShort = exit.outputIncomplete() || truth.childKilled;
    int writes = cutShort ? truth.written : program.writes();
    for (StdStream stream : StdStream.values()) {
      long said = stream == StdStream.STDOUT ? exit.stdoutBytes() : exit.stderrBytes();
      require(
          Invariant.HONEST_SUCCESS,
          said == program.bytes(stream, writes),
          () -> truth.uid + " is said to have written " + said + " bytes to " + stream);
    }
    if (program.kind == SimProgram.Kind.READS_FIRST) {
      require(Invariant.I3_STDIN, truth.stdinEnded, () -> truth.uid + " ended before its stdin");
    }
  }

  // ---- clients

  void delivered(SimClient client, StdStream stream, long offset, ByteString data) {
    Truth truth = client.truth().orElseThrow();
    SimProgram program = truth.program;
    long end = offset + data.size();
    boolean written = truth.written > 0 && end <= program.ends[truth.written - 1];
    boolean same =
        written
            && program.output.holds(offset, data)
            && program.streams[program.writeAt(offset)] == stream
            && end <= program.ends[program.writeAt(offset)];
    require(
        Invariant.I2_BYTES,
        same,
        () -> truth.uid + ": " + stream + " from " + offset + " to " + end + " is none of its own");
  }

  void gapTold(SimClient client, long from, long to) {
    Truth truth = client.truth().orElseThrow();
    SimDisk.Files files = world.worker.disk().sessions.get(truth.uid);
    require(
        Invariant.I2_BYTES,
        files == null || isGone(files, from, to),
        () -> truth.uid + ": a gap from " + from + " to " + to + ", though all of it is there");
  }

  private static boolean isGone(SimDisk.Files files, long from, long to) {
    for (int i = files.entryAt(Math.max(from, files.firstAvailable())); i < files.log.size(); i++) {
      Frame.Output entry = files.log.get(i);
      if (entry.offset() >= to) {
        return true;
      }
      if (!files.damaged.contains(entry)) {
        return false;
      }
    }
    return true;
  }

  void stdinAcknowledged(SimClient client, long from, long to) {
    Truth truth = client.truth().orElseThrow();
    boolean reached = to <= truth.taken();
    // What the process left unread when it ended counts as thrown away.
    require(
        Invariant.I3_STDIN,
        reached || truth.stdinDiscarded,
        () -> truth.uid + ": stdin acknowledged to " + to + ", taken to " + truth.taken());
    if (reached && (isOnlyWriter(truth) || client.holdsPen())) {
      require(
          Invariant.I3_STDIN,
          client.stdin.holds(from, truth.takenFrom(from, to)),
          () -> truth.uid + ": stdin from " + from + " to " + to + " is not what was acknowledged");
    }
  }

  /** With others it is not known whose bytes an offset means, but of whoever holds the pen. */
  private static boolean isOnlyWriter(Truth truth) {
    return truth.clients.stream().filter(SimClient::stdinSent).count() <= 1;
  }

  void clientEnded(SimClient client, Outcome outcome) {
    if (!(outcome instanceof Outcome.Known known) || client.truth().isEmpty()) {
      return;
    }
    Truth truth = client.truth().orElseThrow();
    Frame.Exit exit = known.exit();
    if (exit.reason() == ExitReason.EXITED) {
      isTrue(truth, exit);
      require(
          Invariant.HONEST_SUCCESS,
          client.received() == exit.stdoutBytes() + exit.stderrBytes(),
          () ->
              truth.uid + ": a client has " + client.received() + " bytes, and knows the outcome");
    }
    boolean byObject = client.toldByObject();
    Frame.Exit stands = byObject ? truth.inObject : truth.journalled;
    require(
        Invariant.I4_ONE_OUTCOME,
        stands != null && stands.reason() == exit.reason() && sameEnd(stands, exit),
        () -> truth.uid + ": a client was told " + exit + ", where " + stands + " stands");
  }

  private static boolean sameEnd(Frame.Exit one, Frame.Exit other) {
    return Objects.equals(one.code(), other.code()) && Objects.equals(one.signal(), other.signal());
  }

  // ---- the end

  void atEnd(Truth truth) {
    Frame.Exit object = truth.inObject;
    Frame.Exit journal = truth.journalled;
    boolean agree =
        object == null
            || journal == null
            || (object.reason() == journal.reason() && sameEnd(object, journal))
            || (object.reason() == ExitReason.LOST && truth.mayBeLost)
            || (object.reason() == ExitReason.START_FAILED && truth.mayBeLost);
    require(
        Invariant.I4_ONE_OUTCOME,
        agree,
        () -> truth.uid + ": the object says " + object + ", the journal " + journal);
    for (SimClient client : truth.clients) {
      if (client.stdinSent() && isOnlyWriter(truth)) {
        require(
            Invariant.I3_STDIN,
            client.stdin.holds(0, truth.takenFrom(0, truth.taken())),
            () -> truth.uid + ": the process took other stdin than was sent");
        boolean whole =
            !truth.exited
                || truth.program.kind != SimProgram.Kind.READS_FIRST
                || truth.taken() == client.stdinEnd();
        require(
            Invariant.I3_STDIN,
            whole,
            () -> truth.uid + ": stdin ended at " + truth.taken() + " of " + client.stdinEnd());
      }
      unknownHasCause(truth, client);
    }
    exitIsWhole(truth);
  }

  private void unknownHasCause(Truth truth, SimClient client) {
    if (client.outcome().orElse(null) instanceof Outcome.Unknown(String why)) {
      require(
          Invariant.I7_PROGRESS,
          client.mayNotKnow()
              || !isOnlyWriter(truth)
              || truth.deleted
              || truth.mayBeLost
              || truth.logMayBeShort
              || truth.forgotten,
          () -> truth.uid + ": without cause a client does not know the outcome: " + why);
    }
  }

  /** With the exit in the journal, the log has every byte that the exit counts. */
  private void exitIsWhole(Truth truth) {
    SimDisk.Files files = world.worker.disk().sessions.get(truth.uid);
    Frame.Exit exit = truth.journalled;
    if (files != null && exit != null && !truth.unrecorded) {
      require(
          Invariant.I5_LOG_KEPT,
          files.end() == exit.stdoutBytes() + exit.stderrBytes(),
          () -> truth.uid + ": the log ends at " + files.end() + ", the exit is " + exit);
    }
  }
}
