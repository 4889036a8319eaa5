package dev.orchard.crds.vmexec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.Conditions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VMExecStatusTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Binding BINDING = new Binding("uid", "w1", "boot");

  private static final VMExecExit OK =
      new VMExecExit(0, null, VMExecExitReason.EXITED, false, null);

  @Test
  void tellsTheStoryOfACommandThatWentWell() {
    VMExecStatus status =
        VMExecStatus.EMPTY
            .described(List.of("true"))
            .bound(BINDING, NOW)
            .starting()
            .running(NOW, NOW)
            .finished(OK, new OutputStatus(1, 2, 0, null), NOW.plusSeconds(1), NOW);

    assertThat(status.state()).isEqualTo(VMExecState.SUCCEEDED);
    assertThat(status.commandSummary()).isEqualTo("true");
    assertThat(status.exitSummary()).isEqualTo("0");
    assertThat(status.completionTime()).isEqualTo(NOW.plusSeconds(1));
    assertThat(status.conditions())
        .extracting(c -> c.getType() + "=" + c.getStatus())
        .containsExactly("Bound=True", "Started=True", "Finished=True", "Succeeded=True");
  }

  @Test
  void absorbsEverythingOnceEnded() {
    VMExecStatus ended =
        VMExecStatus.EMPTY.finished(
            VMExecExit.without(VMExecExitReason.LOST, "gone"), null, NOW, NOW);

    assertThat(ended.finished(OK, null, NOW, NOW)).isEqualTo(ended);
    assertThat(ended.running(NOW, NOW)).isEqualTo(ended);
    assertThat(ended.bound(BINDING, NOW)).isEqualTo(ended);
    assertThat(ended.starting()).isEqualTo(ended);
    assertThat(ended.state()).isEqualTo(VMExecState.LOST);
  }

  @Test
  void neverGoesBack() {
    VMExecStatus running = VMExecStatus.EMPTY.bound(BINDING, NOW).running(NOW, NOW);

    assertThat(running.starting()).isEqualTo(running);
    assertThat(running.bound(new Binding("other", "w2", "boot2"), NOW)).isEqualTo(running);
  }

  @Test
  void saysThatWhatNeverRanHasNotStarted() {
    VMExecStatus status =
        VMExecStatus.EMPTY.finished(
            VMExecExit.without(VMExecExitReason.START_FAILED, "no such VM"), null, NOW, NOW);

    assertThat(status.condition(VMExecStatus.STARTED))
        .hasValueSatisfying(c -> assertThat(c.getStatus()).isEqualTo(Conditions.FALSE));
    assertThat(status.condition(VMExecStatus.FINISHED))
        .hasValueSatisfying(c -> assertThat(c.getMessage()).isEqualTo("no such VM"));
  }

  @ParameterizedTest
  @CsvSource({
    "EXITED,0,,SUCCEEDED,0",
    "EXITED,7,,FAILED,7",
    "SIGNALED,,KILL,FAILED,SIGKILL",
    "TIMED_OUT,,TERM,FAILED,TimedOut",
    "IDLE_TIMED_OUT,,,FAILED,IdleTimedOut",
    "CANCELLED,,TERM,CANCELLED,Cancelled",
    "OUTPUT_LIMIT,,,FAILED,OutputLimit",
    "START_FAILED,127,,FAILED,StartFailed",
    "LOST,,,LOST,Lost"
  })
  void hasAStateAndAWordForEveryEnd(
      VMExecExitReason reason, Integer code, String signal, VMExecState state, String summary) {
    VMExecExit exit = new VMExecExit(code, signal, reason, false, null);

    assertThat(exit.state()).isEqualTo(state);
    assertThat(exit.summary()).isEqualTo(summary);
  }

  @Test
  void cutsALongMessage() {
    assertThat(VMExecExit.without(VMExecExitReason.LOST, "x".repeat(5000)).message())
        .hasSize(1024)
        .endsWith("…");
  }
}
