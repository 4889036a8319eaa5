package dev.orchard.exec.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.exec.session.Dispatch.Decision;
import dev.orchard.exec.session.Dispatch.Reported;
import dev.orchard.exec.session.Dispatch.Wanted;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DispatchTest {
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          # object           , report             , decision
          none               , none               , NOTHING
          none               , running            , VERIFY_ABSENCE
          none               , finished           , VERIFY_ABSENCE
          wanted             , none               , START
          cancelled          , none               , CANCEL
          started            , none               , NOTHING
          overdue            , none               , LOSE
          over               , none               , NOTHING
          wanted             , running-unwritten  , WRITE
          wanted             , running            , NOTHING
          cancelled          , running            , CANCEL
          wanted             , finished-unwritten , WRITE
          over               , running            , CANCEL
          over               , finished-unwritten , ACKNOWLEDGE
          over               , finished           , ACKNOWLEDGE
          """)
  void decides(String object, String report, Decision decision) {
    assertThat(Dispatch.decide(wanted(object), reported(report), true)).isEqualTo(decision);
  }

  @ParameterizedTest
  @CsvSource({"wanted", "cancelled", "started", "overdue", "over"})
  void waitsUntilTheWorkerHasReportedEverything(String object) {
    assertThat(Dispatch.decide(wanted(object), null, false)).isEqualTo(Decision.NOTHING);
  }

  private static @Nullable Wanted wanted(String object) {
    return object.equals("none")
        ? null
        : new Wanted(
            object.equals("over"),
            object.equals("cancelled"),
            object.equals("started") || object.equals("overdue"),
            object.equals("overdue"));
  }

  private static @Nullable Reported reported(String report) {
    return report.equals("none")
        ? null
        : new Reported(report.startsWith("finished"), !report.endsWith("unwritten"));
  }
}
