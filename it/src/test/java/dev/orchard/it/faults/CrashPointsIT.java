package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The worker's daemon dies at each step of a session, and is started again with the guest agent
 * alive, and with it dead.
 */
@Tag(FaultSizes.TAG)
@Tag("F4")
class CrashPointsIT {
  /** In the order of a session; each before and after. The number is that of the passing. */
  private static final List<String> STEPS =
      List.of(
          "intent",
          "report:1",
          "start",
          "started",
          "report:2",
          "append:1",
          "append:3",
          "sync",
          "exited",
          "report:3",
          "stored:1",
          "acknowledged");

  /** Of a daemon that finds a session which an earlier one has left in the middle of its output. */
  private static final List<String> RECOVERY =
      List.of("recovered", "before-attach", "after-attach");

  private static final String LEFT_AT = "before-append:2";

  /** A fifth of a second each. */
  private static final int CHUNKS = 3;

  /** Where the outcome is in the journal, so that it is known whatever becomes of the agent. */
  private static final Set<String> JOURNALLED =
      Set.of(
          "after-exited",
          "before-report:3",
          "after-report:3",
          "before-stored:1",
          "after-stored:1",
          "before-acknowledged",
          "after-acknowledged");

  private final List<String> defects = new ArrayList<>();
  private int succeeded;
  private int lost;

  @Test
  void noCrashMakesACommandRunTwiceAndOnlyADeadAgentsAreLost() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int rounds = FaultSizes.F4_ROUNDS.size();
    Runs runs = new Runs(new Reader(system));
    Summary summary = new Summary("F4", "kill -9 of the worker at each step of a session");
    List<List<String>> crashes = new ArrayList<>();
    STEPS.forEach(step -> crashes.add(List.of("before-" + step)));
    STEPS.forEach(step -> crashes.add(List.of("after-" + step)));
    RECOVERY.forEach(point -> crashes.add(List.of(LEFT_AT, point)));
    system.createVm("f4");
    int sessions = 0;
    for (int round = 0; round < rounds; round++) {
      for (List<String> points : crashes) {
        crash(system, runs, "f4", "f4-%d".formatted(sessions++), points, false);
        crash(
            system,
            runs,
            "f4-x%d".formatted(sessions),
            "f4-%d".formatted(sessions++),
            points,
            true);
      }
    }
    Map<String, Integer> ran = runs.count("f4");
    system.deleteVm("f4");
    summary
        .with("points", crashes.size())
        .with("crashes", sessions)
        .with("succeeded", succeeded)
        .with("lost", lost)
        .with("runs", ran.values().stream().mapToInt(Integer::intValue).sum())
        .with("defects", defects.size())
        .write();
    assertThat(defects).isEmpty();
    assertThat(ran).allSatisfy((_, times) -> assertThat(times).isEqualTo(1));
    assertThat(ran).hasSizeGreaterThanOrEqualTo(succeeded);
  }

  private void crash(
      RealSystem system,
      Runs runs,
      String vm,
      String session,
      List<String> points,
      boolean agentDies)
      throws InterruptedException, ExecutionException {
    if (agentDies) {
      system.createVm(vm);
    }
    NumberedLines stdout = new NumberedLines();
    NumberedLines stderr = new NumberedLines();
    Reader reader = new Reader(system);
    FutureTask<Outcome> reading =
        new FutureTask<>(() ->
            reader.run(
                vm,
                session,
                NumberedLines.command(runs.folder(), session, CHUNKS),
                frame ->
                    (frame.stream() == StdStream.STDOUT ? stdout : stderr).received(frame.data()),
                _ -> {}));
    system.worker().kill();
    for (String point : points) {
      system.worker().start(List.of("-Dorchard.failpoint=" + point));
      if (point.equals(points.getFirst())) {
        Thread.ofVirtual().start(reading);
      }
      RealSystem.await("the crash at " + point, () -> !system.worker().alive());
    }
    if (agentDies) {
      system.machine(vm).destroyForcibly();
    }
    system.worker().start();
    Outcome outcome = reading.get();
    String what = "%s, agent %s".formatted(points, agentDies ? "dead" : "alive");
    boolean whole =
        stdout.isFlawless()
            && stderr.isFlawless()
            && stdout.bytes() == NumberedLines.stdoutBytes(CHUNKS)
            && stderr.bytes() == NumberedLines.stderrBytes(CHUNKS);
    boolean kept = !agentDies || JOURNALLED.contains(points.getLast());
    if (kept
        && outcome instanceof Outcome.Known(Frame.Exit exit)
        && Objects.equals(exit.code(), 0)
        && whole) {
      succeeded++;
    } else if (!kept
        && outcome instanceof Outcome.Known(Frame.Exit exit)
        && exit.reason() == ExitReason.LOST
        && stdout.isFlawless()
        && stderr.isFlawless()) {
      lost++;
    } else {
      defects.add(what + ": " + outcome + (whole ? "" : ", not whole"));
    }
    if (agentDies) {
      system.deleteVm(vm);
    }
  }
}
