package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExitStatusTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "EXITED,         0,   -,    0",
        "EXITED,         7,   -,    7",
        "EXITED,         255, -,    255",
        "SIGNALED,       -,   HUP,  129",
        "SIGNALED,       -,   KILL, 137",
        "SIGNALED,       -,   SEGV, 139",
        "SIGNALED,       -,   TERM, 143",
        "SIGNALED,       -,   SYS,  159",
        "SIGNALED,       -,   RTMIN, 255",
        "TIMED_OUT,      -,   KILL, 124",
        "TIMED_OUT,      0,   -,    124",
        "IDLE_TIMED_OUT, -,   TERM, 124",
        "CANCELLED,      -,   TERM, 143",
        "CANCELLED,      3,   -,    3",
        "CANCELLED,      0,   -,    255",
        "CANCELLED,      -,   -,    255",
        "OUTPUT_LIMIT,   0,   -,    255",
        "START_FAILED,   126, -,    126",
        "START_FAILED,   127, -,    127",
        "START_FAILED,   -,   -,    255",
        "LOST,           -,   -,    255"
      })
  void mapsEachOutcome(
      ExitReason reason, @Nullable Integer code, @Nullable String signal, int exitCode) {
    assertThat(status(reason, code, signal, false).code()).isEqualTo(exitCode);
  }

  @Test
  void isSilentWhereTheCommandHasSpokenForItself() {
    assertThat(status(ExitReason.EXITED, 7, null, false).message()).isEmpty();
    assertThat(status(ExitReason.EXITED, 0, null, true).message())
        .hasValueSatisfying(message -> assertThat(message).contains("may have written more"));
    assertThat(status(ExitReason.SIGNALED, null, "KILL", false).message())
        .hasValue("the command was killed by signal: KILL");
  }

  @Test
  void anUnknownOutcomeSaysWhy() {
    ExitStatus status = ExitStatus.of(new Outcome.Unknown("no connection"), "vm/job");
    assertThat(status.code()).isEqualTo(255);
    assertThat(status.message())
        .hasValue(
            "the outcome is unknown: no connection; to look again: kubectl orchard attach vm/job");
  }

  private static ExitStatus status(
      ExitReason reason, @Nullable Integer code, @Nullable String signal, boolean incomplete) {
    return ExitStatus.of(
        new Outcome.Known(
            new Frame.Exit(
                code, signal, reason, 0, 0, null, null, incomplete, Duration.ZERO, null)),
        "vm/job");
  }
}
