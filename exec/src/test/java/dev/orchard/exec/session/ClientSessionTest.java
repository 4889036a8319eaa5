package dev.orchard.exec.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClientSessionTest {
  private final ClientSession session = new ClientSession(true, false);

  private static Frame.Output output(long offset, String text) {
    return new Frame.Output(StdStream.STDOUT, offset, ByteString.copyFromUtf8(text));
  }

  private static Frame.Exit exit(long bytes, @Nullable ByteString sha256) {
    return new Frame.Exit(
        0, null, ExitReason.EXITED, bytes, 0, sha256, null, false, Duration.ZERO, null);
  }

  @Test
  void deliversEachByteOnce() {
    session.received(output(0, "hello"));
    assertThat(session.received(output(0, "hello")))
        .isEqualTo(new ClientSession.Reaction.Nothing());
    assertThat(session.received(output(3, "lo you")))
        .isEqualTo(
            new ClientSession.Reaction.Deliver(StdStream.STDOUT, ByteString.copyFromUtf8(" you")));
    assertThat(session.resumeFrom()).isEqualTo(9);
  }

  @Test
  void reconnectsWhereBytesWereSkipped() {
    assertThat(session.received(output(4, "x")))
        .isInstanceOf(ClientSession.Reaction.Reconnect.class);
    assertThat(session.resumeFrom()).isZero();
  }

  @Test
  void doesNotKnowTheOutcomeWhereBytesAreMissing() {
    session.received(output(0, "hello"));
    session.received(exit(6, null));
    assertThat(session.outcome().orElseThrow()).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void missesNothingBeforeTheOffsetThatItBeginsAt() {
    ClientSession later = new ClientSession(false, false, 5);
    assertThat(later.resumeFrom()).isEqualTo(5);
    assertThat(later.received(output(5, "x")))
        .isEqualTo(
            new ClientSession.Reaction.Deliver(StdStream.STDOUT, ByteString.copyFromUtf8("x")));
    later.received(exit(6, ByteString.copyFrom(new byte[32])));
    assertThat(later.outcome().orElseThrow()).isInstanceOf(Outcome.Known.class);
  }

  @Test
  void endsWhereItsNameBelongsToAnotherSession() {
    session.received(new Frame.Started("build", 42, "boot-1", "ticket"));
    assertThat(session.received(new Frame.Started("build", 42, "boot-1", "another ticket")))
        .isEqualTo(new ClientSession.Reaction.Nothing());
    assertThat(session.received(new Frame.Started("build", 43, "boot-1", "")))
        .isInstanceOf(ClientSession.Reaction.End.class);
    assertThat(session.outcome()).get().isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void doesNotKnowTheOutcomeWhereTheDigestDiffers() {
    session.received(output(0, "hello"));
    session.received(exit(5, ByteString.copyFrom(new byte[32])));
    assertThat(session.outcome().orElseThrow()).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void tellsOfAGapAndThenCountsWithoutDigests() {
    assertThat(session.received(new Frame.Gap(0, 100)))
        .isEqualTo(new ClientSession.Reaction.TellGap(0, 100));
    session.received(output(100, "hello"));
    session.received(exit(105, ByteString.copyFrom(new byte[32])));
    assertThat(session.outcome().orElseThrow()).isInstanceOf(Outcome.Known.class);
  }

  @Test
  void sendsStdinFromWhereItWasAcknowledged() {
    session.stdin(ByteString.copyFromUtf8("hello"), true);
    session.connected();
    assertThat(session.next()).isEmpty();
    session.received(new Frame.Ack(0));
    assertThat(session.next()).contains(new Frame.Stdin(0, ByteString.copyFromUtf8("hello"), true));
    session.disconnected();
    session.connected();
    session.received(new Frame.Ack(4));
    assertThat(session.next()).contains(new Frame.Stdin(4, ByteString.copyFromUtf8("o"), true));
  }

  @Test
  void doesNotTakeAnothersStdinForItsOwn() {
    ClientSession session = new ClientSession(true, false);
    session.connected();
    session.received(new Frame.Ack(100));
    session.stdin(ByteString.copyFromUtf8("abc"), false);
    session.disconnected();
    session.connected();
    assertThat(session.received(new Frame.Ack(104)))
        .isInstanceOfSatisfying(
            ClientSession.Reaction.End.class,
            end -> assertThat(end.outcome()).isInstanceOf(Outcome.Unknown.class));
  }

  @Test
  void doesNotReplayWhatWasTypedWhileDisconnected() {
    ClientSession terminal = new ClientSession(true, true);
    terminal.connected();
    terminal.received(new Frame.Ack(0));
    terminal.stdin(ByteString.copyFromUtf8("ls"), false);
    terminal.disconnected();
    terminal.stdin(ByteString.copyFromUtf8("rm"), false);
    terminal.connected();
    terminal.received(new Frame.Ack(1));
    assertThat(terminal.next()).isEmpty();
    terminal.stdin(ByteString.copyFromUtf8("x"), false);
    assertThat(terminal.next()).contains(new Frame.Stdin(1, ByteString.copyFromUtf8("x"), false));
  }

  @ParameterizedTest
  @EnumSource(ErrorCode.class)
  void neverTakesAFailureForSuccess(ErrorCode code) {
    ClientSession.Reaction reaction = session.received(new Frame.Failure(code, "why"));
    switch (reaction) {
      case ClientSession.Reaction.Reconnect(String why) -> assertThat(why).isEqualTo("why");
      case ClientSession.Reaction.End(Outcome outcome) ->
          assertThat(outcome).isEqualTo(new Outcome.Unknown("why"));
      case ClientSession.Reaction.Nothing n -> throw new AssertionError(n);
      case ClientSession.Reaction.Deliver d -> throw new AssertionError(d);
      case ClientSession.Reaction.TellGap g -> throw new AssertionError(g);
    }
  }
}
