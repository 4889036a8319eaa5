package dev.orchard.exec.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AgentSessionTest {
  private final AgentSession session =
      AgentSession.running(42, true, EnumSet.allOf(StdStream.class));

  private List<Frame.Out> sent() {
    List<Frame.Out> frames = new ArrayList<>();
    for (Optional<Frame.Out> next = session.next(); next.isPresent(); next = session.next()) {
      frames.add(next.get());
    }
    return frames;
  }

  private void exit() {
    session.readEnd(StdStream.STDOUT);
    session.readEnd(StdStream.STDERR);
    session.ended(0, null, Duration.ofMillis(12));
  }

  @Test
  void sendsStartedThenOutputThenExit() {
    assertThat(session.attach(0, false)).isEmpty();
    session.read(StdStream.STDOUT, ByteString.copyFromUtf8("out"));
    session.read(StdStream.STDERR, ByteString.copyFromUtf8("err"));
    exit();
    List<Frame.Out> frames = sent();
    assertThat(frames.subList(0, 3))
        .containsExactly(
            new Frame.Started("", 42, "", ""),
            new Frame.Output(StdStream.STDOUT, 0, ByteString.copyFromUtf8("out")),
            new Frame.Output(StdStream.STDERR, 3, ByteString.copyFromUtf8("err")));
    assertThat(frames).hasSize(4);
    assertThat(frames.getLast())
        .isInstanceOfSatisfying(
            Frame.Exit.class,
            exit -> {
              assertThat(exit.code()).isZero();
              assertThat(exit.stdoutBytes()).isEqualTo(3);
              assertThat(exit.stderrBytes()).isEqualTo(3);
              assertThat(exit.outputIncomplete()).isFalse();
            });
  }

  @Test
  void resumesInTheMiddleOfAChunkForANewStream() {
    session.attach(0, false);
    session.read(StdStream.STDOUT, ByteString.copyFromUtf8("hello"));
    assertThat(sent()).hasSize(2);
    assertThat(session.attach(3, false)).isEmpty();
    assertThat(sent())
        .containsExactly(
            new Frame.Started("", 42, "", ""),
            new Frame.Output(StdStream.STDOUT, 3, ByteString.copyFromUtf8("lo")));
  }

  @Test
  void refusesToResumeBeforeWhatWasStoredOrBehindItsEnd() {
    session.attach(0, false);
    session.read(StdStream.STDOUT, ByteString.copyFromUtf8("hello"));
    session.stored(4);
    assertThat(session.attach(3, false)).isPresent();
    assertThat(session.attach(6, false)).isPresent();
    assertThat(session.attach(5, false)).isEmpty();
  }

  @Test
  void holdsTheProcessBackUntilTheWorkerHasStored() {
    ByteString chunk = ByteString.copyFrom(new byte[16_384]);
    for (int i = 0; i < AgentSession.BUFFER_BYTES / chunk.size(); i++) {
      assertThat(session.wantsOutput()).isTrue();
      session.read(StdStream.STDOUT, chunk);
    }
    assertThat(session.wantsOutput()).isFalse();
    session.stored(1);
    assertThat(session.wantsOutput()).isTrue();
  }

  @Test
  void stopsWaitingForAChildThatHoldsThePipes() {
    session.attach(0, false);
    session.ended(0, null, Duration.ZERO);
    session.elapsed(AgentSession.DRAIN.minusMillis(1));
    assertThat(session.completed()).isFalse();
    session.elapsed(Duration.ofMillis(1));
    assertThat(session.completed()).isTrue();
    assertThat(sent().getLast())
        .isInstanceOfSatisfying(
            Frame.Exit.class, exit -> assertThat(exit.outputIncomplete()).isTrue());
  }

  @Test
  void doesNotCountItsOwnBackPressureAsDrain() {
    for (int i = 0; i < AgentSession.BUFFER_BYTES / 16_384; i++) {
      session.read(StdStream.STDOUT, ByteString.copyFrom(new byte[16_384]));
    }
    session.ended(0, null, Duration.ZERO);
    session.elapsed(AgentSession.DRAIN.multipliedBy(3));
    assertThat(session.completed()).isFalse();
  }

  @Test
  void takesStdinOnceAndInOrder() {
    session.attach(0, false);
    session.stdin(new Frame.Stdin(0, ByteString.copyFromUtf8("abc"), false));
    session.stdin(new Frame.Stdin(1, ByteString.copyFromUtf8("bcd"), true));
    assertThat(session.stdinToWrite().toStringUtf8()).isEqualTo("abcd");
    session.stdinTaken(2);
    assertThat(session.stdinAtEnd()).isFalse();
    session.stdinTaken(2);
    assertThat(session.stdinAtEnd()).isTrue();
    assertThat(sent()).endsWith(new Frame.Ack(4));
  }

  @Test
  void forgetsStdinThatThePipeHasNotTakenForAnotherWriter() {
    session.attach(0, false);
    session.stdin(new Frame.Stdin(0, ByteString.copyFromUtf8("abc"), true));
    session.stdinTaken(1);
    session.attach(0, false);
    assertThat(session.stdinReceived()).isEqualTo(3);

    session.attach(0, true);
    assertThat(session.stdinReceived()).isEqualTo(1);
    session.stdin(new Frame.Stdin(1, ByteString.copyFromUtf8("xyz"), false));
    assertThat(session.stdinToWrite().toStringUtf8()).isEqualTo("xyz");
    session.stdinTaken(3);
    assertThat(session.stdinAtEnd()).isFalse();
  }

  @Test
  void refusesStdinThatSkipsBytes() {
    session.attach(0, false);
    session.stdin(new Frame.Stdin(2, ByteString.copyFromUtf8("c"), false));
    assertThat(sent().getLast())
        .isInstanceOfSatisfying(
            Frame.Failure.class,
            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.STDIN_OFFSET_GAP));
  }

  @Test
  void acknowledgesWhatNobodyReadsAnyMore() {
    session.attach(0, false);
    session.stdin(new Frame.Stdin(0, ByteString.copyFromUtf8("abc"), false));
    session.stdinBroken();
    session.stdin(new Frame.Stdin(3, ByteString.copyFromUtf8("def"), true));
    assertThat(session.stdinToWrite().isEmpty()).isTrue();
    assertThat(sent()).endsWith(new Frame.Ack(6));
  }

  @Test
  void saysWhyNothingWasStarted() {
    AgentSession failed = AgentSession.notStarted(127, "no such program: nope");
    failed.attach(0, false);
    assertThat(failed.next())
        .contains(Frame.Exit.withoutProcess(127, ExitReason.START_FAILED, "no such program: nope"));
    assertThat(failed.next()).isEmpty();
  }

  @Test
  void remembersForgottenSessions() {
    AgentSessions sessions = new AgentSessions("agent-1");
    assertThat(sessions.admitStart("a", "agent-1")).isEqualTo(new AgentSessions.Admission.Spawn());
    sessions.add("a", session);
    assertThat(sessions.admitStart("a", "agent-1"))
        .isEqualTo(new AgentSessions.Admission.Adopt(session));
    sessions.forget("a");
    assertThat(sessions.admitStart("a", "agent-1"))
        .isInstanceOfSatisfying(
            AgentSessions.Admission.Refuse.class,
            r -> assertThat(r.reason()).isEqualTo(RefusalReason.FORGOTTEN_SESSION));
    assertThat(sessions.admitStart("b", "agent-0"))
        .isInstanceOfSatisfying(
            AgentSessions.Admission.Refuse.class,
            r -> assertThat(r.reason()).isEqualTo(RefusalReason.OTHER_INSTANCE));
  }
}
