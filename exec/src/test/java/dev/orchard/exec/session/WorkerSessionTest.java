package dev.orchard.exec.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerSessionTest {
  private static final Fence FENCE = new Fence("boot-1", "agent-1");
  private static final ByteString SPEC = ByteString.copyFromUtf8("spec");

  private long now = 1_000;

  private static SessionRules rules(DisconnectPolicy policy, long timeout, long idle) {
    return new SessionRules(
        "boot-1",
        true,
        false,
        policy,
        Duration.ofSeconds(60),
        Duration.ofSeconds(timeout),
        Duration.ofSeconds(idle),
        Duration.ofSeconds(10));
  }

  private static WorkerSession waiting() {
    return WorkerSession.dispatched(rules(DisconnectPolicy.DETACH, 0, 0), SPEC, 1_000);
  }

  private List<SessionAction> step(WorkerSession session, SessionEvent event) {
    return session.step(event, now);
  }

  private WorkerSession running(SessionRules rules) {
    WorkerSession session = WorkerSession.dispatched(rules, SPEC, now);
    step(session, new SessionEvent.GuestReady(FENCE));
    step(session, new SessionEvent.GuestAttached(0, 0));
    step(session, new SessionEvent.FromGuest(new Frame.Started("", 42, "", "")));
    return session;
  }

  private ExitReason reason(WorkerSession session) {
    return session.exit().orElseThrow().reason();
  }

  @Test
  void journalsTheIntentBeforeItAsksTheGuest() {
    List<SessionAction> actions = step(waiting(), new SessionEvent.GuestReady(FENCE));
    assertThat(actions)
        .containsSubsequence(
            new SessionAction.Write(new JournalRecord.Intent(SPEC, "boot-1", "agent-1")),
            new SessionAction.Start());
  }

  @Test
  void isLostWhereTheVmWasStartedAnewBeforeIt() {
    WorkerSession session = waiting();
    List<SessionAction> actions =
        step(session, new SessionEvent.GuestReady(new Fence("boot-2", "agent-1")));
    assertThat(actions).doesNotContain(new SessionAction.Start());
    assertThat(reason(session)).isEqualTo(ExitReason.LOST);
  }

  @Test
  void asksAfterARestartAndStartsOnlyWhatTheSameInstanceNeverHeardOf() {
    WorkerSession session =
        WorkerSession.recovered(
            rules(DisconnectPolicy.DETACH, 0, 0),
            List.of(new JournalRecord.Intent(SPEC, "boot-1", "agent-1")),
            0,
            0,
            now);
    assertThat(step(session, new SessionEvent.GuestReady(FENCE)))
        .containsExactly(new SessionAction.Attach(0, false));
    assertThat(
            step(session, new SessionEvent.GuestRefused(RefusalReason.UNKNOWN_SESSION, "unknown")))
        .containsExactly(new SessionAction.Start());
  }

  @Test
  void isLostWhereTheAgentWasRestartedAfterTheIntent() {
    WorkerSession session =
        WorkerSession.recovered(
            rules(DisconnectPolicy.DETACH, 0, 0),
            List.of(new JournalRecord.Intent(SPEC, "boot-1", "agent-1")),
            0,
            0,
            now);
    step(session, new SessionEvent.GuestReady(new Fence("boot-1", "agent-2")));
    assertThat(reason(session)).isEqualTo(ExitReason.LOST);
  }

  @Test
  void endsWithoutProcessWhereTheGuestNeverCame() {
    WorkerSession session = waiting();
    now += 60_000;
    step(session, new SessionEvent.Tick());
    assertThat(reason(session)).isEqualTo(ExitReason.START_FAILED);
    assertThat(session.exit().orElseThrow().message()).contains("60000 ms");
  }

  @Test
  void appendsOnlyWhatTheLogDoesNotHave() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    step(session, new SessionEvent.FromGuest(output(0, "hello")));
    assertThat(step(session, new SessionEvent.FromGuest(output(3, "lo you"))))
        .containsExactly(
            new SessionAction.Append(StdStream.STDOUT, ByteString.copyFromUtf8(" you")));
    assertThat(session.logEnd()).isEqualTo(9);
  }

  @Test
  void resumesAtTheEndOfItsLogWhereTheGuestSkippedBytes() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    assertThat(step(session, new SessionEvent.FromGuest(output(7, "x"))))
        .containsExactly(new SessionAction.CloseGuest(), new SessionAction.Attach(0, false));
  }

  @Test
  void isLostWhereTheGuestCountedOtherBytesThanArrived() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    step(session, new SessionEvent.FromGuest(output(0, "hello")));
    step(session, new SessionEvent.FromGuest(exited(0, 6)));
    assertThat(reason(session)).isEqualTo(ExitReason.LOST);
  }

  @Test
  void terminatesThenKillsOnTimeout() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 5, 0));
    now += 5_000;
    assertThat(step(session, new SessionEvent.Tick()))
        .contains(new SessionAction.ToGuest(new Frame.Signal("TERM")));
    now += 10_000;
    assertThat(step(session, new SessionEvent.Tick()))
        .containsExactly(new SessionAction.ToGuest(new Frame.Signal("KILL")));
    step(session, new SessionEvent.FromGuest(signaled()));
    assertThat(reason(session)).isEqualTo(ExitReason.TIMED_OUT);
    assertThat(session.exit().orElseThrow().signal()).isEqualTo("KILL");
  }

  @Test
  void countsOnlySilenceAsIdle() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 5));
    now += 4_000;
    step(session, new SessionEvent.FromGuest(output(0, "x")));
    now += 4_000;
    assertThat(step(session, new SessionEvent.Tick())).isEmpty();
    now += 1_000;
    assertThat(step(session, new SessionEvent.Tick()))
        .contains(new SessionAction.ToGuest(new Frame.Signal("TERM")));
  }

  @Test
  void countsTheLeaseOnlyWhileAReaderCouldComeBack() {
    WorkerSession session = running(rules(DisconnectPolicy.TERMINATE, 0, 0));
    step(session, new SessionEvent.Foreground(1));
    step(session, new SessionEvent.Foreground(0));
    now += 300_000;
    assertThat(step(session, new SessionEvent.Tick())).isEmpty();
    step(session, new SessionEvent.KubernetesReachable(true));
    now += 60_000;
    assertThat(step(session, new SessionEvent.Tick()))
        .contains(new SessionAction.ToGuest(new Frame.Signal("TERM")));
  }

  @Test
  void runsOnAfterDetachWhateverItsPolicy() {
    WorkerSession session = running(rules(DisconnectPolicy.TERMINATE, 0, 0));
    step(session, new SessionEvent.KubernetesReachable(true));
    assertThat(step(session, new SessionEvent.FromWriter(new Frame.Detach())))
        .containsExactly(new SessionAction.Write(new JournalRecord.Detached()));
    now += 300_000;
    assertThat(step(session, new SessionEvent.Tick())).isEmpty();
  }

  @Test
  void keepsTheReasonOfItsEndingOverARestart() {
    WorkerSession session =
        WorkerSession.recovered(
            rules(DisconnectPolicy.DETACH, 0, 0),
            List.of(
                new JournalRecord.Intent(SPEC, "boot-1", "agent-1"),
                new JournalRecord.Started(42, now),
                new JournalRecord.Ending(ExitReason.CANCELLED, "by its owner")),
            0,
            0,
            now);
    step(session, new SessionEvent.GuestReady(FENCE));
    assertThat(step(session, new SessionEvent.GuestAttached(0, 0)))
        .contains(new SessionAction.ToGuest(new Frame.Signal("TERM")));
    step(session, new SessionEvent.FromGuest(new Frame.Started("", 42, "", "")));
    step(session, new SessionEvent.FromGuest(exited(0, 0)));
    assertThat(reason(session)).isEqualTo(ExitReason.CANCELLED);
  }

  @Test
  void refusesAResizeWithoutTty() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    assertThat(step(session, new SessionEvent.FromWriter(new Frame.Resize(24, 80))))
        .containsExactly(
            new SessionAction.ToWriter(
                new Frame.Failure(
                    ErrorCode.INVALID_FRAME, "resize: the session was started without a TTY")));
  }

  @Test
  void takesTheWordOfTheGuestForWhatAnEarlierDaemonHadSent() {
    WorkerSession session =
        WorkerSession.recovered(
            rules(DisconnectPolicy.DETACH, 0, 0),
            List.of(
                new JournalRecord.Intent(SPEC, "boot-1", "agent-1"),
                new JournalRecord.Started(42, now)),
            0,
            0,
            now);
    step(session, new SessionEvent.GuestReady(FENCE));
    step(session, new SessionEvent.GuestAttached(100, 5_000));
    assertThat(step(session, new SessionEvent.FromGuest(new Frame.Ack(5_000))))
        .containsExactly(new SessionAction.ToWriter(new Frame.Ack(5_000)));
    // What the client sends again of it is known here, and the rest goes on.
    step(session, new SessionEvent.FromWriter(stdin(100, 4_900)));
    assertThat(step(session, new SessionEvent.FromWriter(stdin(5_000, 1))))
        .containsExactly(new SessionAction.ToGuest(stdin(5_000, 1)));
    assertThat(step(session, new SessionEvent.FromGuest(new Frame.Ack(5_002))))
        .contains(new SessionAction.CloseGuest());
  }

  @Test
  void refusesTheWriterWhoseStdinTheGuestDoesNotTake() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    Frame.Failure ended = new Frame.Failure(ErrorCode.INVALID_FRAME, "stdin has ended");
    for (int writer = 0; writer < 10; writer++) {
      step(session, new SessionEvent.FromWriter(stdin(0, 5)));
      assertThat(step(session, new SessionEvent.FromGuest(ended)))
          .containsExactly(new SessionAction.ToWriter(ended), new SessionAction.Attach(0, false));
      step(session, new SessionEvent.GuestAttached(0, 0));
    }
    // Where there was nothing to refuse it is the guest that breaks the protocol.
    assertThat(step(session, new SessionEvent.FromGuest(ended)))
        .contains(new SessionAction.CloseGuest());
  }

  @Test
  void isLostWithoutAnAgeWhereTheClockWasSetBack() {
    WorkerSession session =
        WorkerSession.recovered(
            rules(DisconnectPolicy.DETACH, 0, 0),
            List.of(
                new JournalRecord.Intent(SPEC, "boot-1", "agent-1"),
                new JournalRecord.Started(42, now + 3_600_000)),
            0,
            0,
            now);
    step(session, new SessionEvent.VmGone("its VM was deleted"));
    assertThat(session.exit().orElseThrow().duration()).isEqualTo(Duration.ZERO);
  }

  @Test
  void journalsNothingBeforeTheIntentNotEvenThatItsClientLeft() {
    WorkerSession session =
        WorkerSession.dispatched(rules(DisconnectPolicy.TERMINATE, 0, 0), SPEC, now);
    assertThat(step(session, new SessionEvent.FromWriter(new Frame.Detach()))).isEmpty();
    assertThat(step(session, new SessionEvent.GuestReady(FENCE)))
        .startsWith(
            new SessionAction.Write(new JournalRecord.Intent(SPEC, "boot-1", "agent-1")),
            new SessionAction.Write(new JournalRecord.Detached()));
  }

  private static Frame.Stdin stdin(long offset, int size) {
    return new Frame.Stdin(offset, ByteString.copyFrom(new byte[size]), false);
  }

  @Test
  void sendsAgainWhatTheGuestHadNotTaken() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    Frame.Stdin typed = new Frame.Stdin(0, ByteString.copyFromUtf8("hello"), true);
    assertThat(step(session, new SessionEvent.FromWriter(typed)))
        .containsExactly(new SessionAction.ToGuest(typed));
    step(session, new SessionEvent.GuestLost());
    step(session, new SessionEvent.GuestReady(FENCE));
    assertThat(step(session, new SessionEvent.GuestAttached(2, 5)))
        .contains(
            new SessionAction.ToGuest(new Frame.Stdin(2, ByteString.copyFromUtf8("llo"), true)));
  }

  @Test
  void letsANewWriterGoOnFromWhatTheProcessHasTaken() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    assertThat(step(session, new SessionEvent.WriterAttached()))
        .containsExactly(new SessionAction.ToWriter(new Frame.Ack(0)));
    step(session, new SessionEvent.FromWriter(stdin(0, 5)));
    step(session, new SessionEvent.FromGuest(new Frame.Ack(2)));

    assertThat(step(session, new SessionEvent.WriterAttached()))
        .containsExactly(new SessionAction.Attach(0, true));
    assertThat(session.wantsStdin()).isFalse();
    assertThat(step(session, new SessionEvent.GuestAttached(3, 3)))
        .containsExactly(new SessionAction.ToWriter(new Frame.Ack(3)));
    assertThat(step(session, new SessionEvent.FromWriter(stdin(3, 1))))
        .containsExactly(new SessionAction.ToGuest(stdin(3, 1)));
  }

  @Test
  void asksTheGuestAgainToForgetStdinWhereItHadNotHeardOfIt() {
    WorkerSession session = running(rules(DisconnectPolicy.DETACH, 0, 0));
    step(session, new SessionEvent.FromWriter(stdin(0, 5)));
    step(session, new SessionEvent.GuestLost());
    assertThat(step(session, new SessionEvent.GuestReady(FENCE)))
        .containsExactly(new SessionAction.Attach(0, false));
    assertThat(step(session, new SessionEvent.WriterAttached())).isEmpty();
    assertThat(step(session, new SessionEvent.GuestAttached(2, 5)))
        .containsExactly(new SessionAction.Attach(0, true));
    assertThat(step(session, new SessionEvent.GuestAttached(4, 4)))
        .containsExactly(new SessionAction.ToWriter(new Frame.Ack(4)));
  }

  private static Frame.Output output(long offset, String text) {
    return new Frame.Output(StdStream.STDOUT, offset, ByteString.copyFromUtf8(text));
  }

  private static Frame.Exit exited(int code, long stdoutBytes) {
    return new Frame.Exit(
        code, null, ExitReason.EXITED, stdoutBytes, 0, null, null, false, Duration.ZERO, null);
  }

  private static Frame.Exit signaled() {
    return new Frame.Exit(
        null, "KILL", ExitReason.SIGNALED, 0, 0, null, null, false, Duration.ZERO, null);
  }
}
