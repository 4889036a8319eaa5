package dev.orchard.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ExecSessionTest {
  private static final int WINDOW = 256 << 10;

  private final PlayedSession played = new PlayedSession();
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();

  private ExecSession follow(boolean stdin, SessionListener listener) {
    return follow(stdin, played, listener);
  }

  private static ExecSession follow(boolean stdin, SessionOpener opener, SessionListener listener) {
    return ExecSession.follow(
        new ExecSession.Terms("vm/s", 0, stdin, stdin, Optional.empty(), 1),
        opener,
        listener,
        new Random(1));
  }

  private ExecSession follow(boolean stdin) {
    return follow(stdin, SessionListener.writing(stdout, OutputStream.nullOutputStream()));
  }

  @Test
  void comesBackWhereItWasWithTheNewestTicket() throws Exception {
    try (ExecSession session = follow(false)) {
      PlayedSession.Connection first = played.connection();
      assertThat(first.ticket()).isEmpty();
      first.send(new Frame.Started("s", 42, "boot", "first")).stdout(0, "one");
      first.listener().closed("cut");
      PlayedSession.Connection second = played.connection();
      assertThat(second.from()).isEqualTo(3);
      assertThat(second.again()).isTrue();
      assertThat(second.ticket()).isEqualTo("first");
      second.send(new Frame.Heartbeat("second")).stdout(1, "ne+");
      second.listener().closed("cut");
      PlayedSession.Connection third = played.connection();
      assertThat(third.from()).isEqualTo(4);
      assertThat(third.ticket()).isEqualTo("second");
      third.stdout(4, "two").exit("one+two");
      assertThat(session.await()).isInstanceOf(Outcome.Known.class);
      assertThat(stdout).hasToString("one+two");
    }
  }

  @Test
  void saysOnEveryConnectionThatTheCommandIsToRunOnWithoutUs() throws Exception {
    try (ExecSession session = follow(true)) {
      PlayedSession.Connection first = played.connection();
      first.send(new Frame.Started("s", 42, "boot", ""));
      session.detach();
      assertThat(first.next()).isEqualTo(new Frame.Detach());
      first.listener().closed("cut");
      assertThat(played.connection().next()).isEqualTo(new Frame.Detach());
    }
  }

  @Test
  void isUnknownWhereTheDigestsDiffer() throws Exception {
    try (ExecSession session = follow(false)) {
      played.connection().stdout(0, "spoilt").exit("intact");
      assertThat(session.await())
          .isInstanceOfSatisfying(
              Outcome.Unknown.class, unknown -> assertThat(unknown.why()).contains("digests"));
    }
  }

  @Test
  void isUnknownWhereTheOutputCouldNotBeDelivered() throws Exception {
    SessionListener full =
        new SessionListener() {
          @Override
          public void output(StdStream stream, long offset, ByteString data) throws IOException {
            throw new IOException("disk full");
          }
        };
    try (ExecSession session = follow(false, full)) {
      played.connection().stdout(0, "out").exit("out");
      assertThat(session.await())
          .isInstanceOfSatisfying(
              Outcome.Unknown.class, unknown -> assertThat(unknown.why()).contains("disk full"));
    }
  }

  @Test
  void isUnknownWhereTheListenerIsNotWhole() throws Exception {
    SessionListener partial =
        new SessionListener() {
          @Override
          public void output(StdStream stream, long offset, ByteString data) {
            throw new NoClassDefFoundError("Missing");
          }
        };
    try (ExecSession session = follow(false, partial)) {
      played.connection().stdout(0, "out").exit("out");
      assertThat(session.await())
          .isInstanceOfSatisfying(
              Outcome.Unknown.class, unknown -> assertThat(unknown.why()).contains("Missing"));
    }
  }

  @Test
  void isUnknownWhereTheCallersOwnTokenCannotBeHad() throws Exception {
    SessionOpener without =
        (_, _, _, _) -> {
          throw new IllegalStateException("no token today");
        };
    try (ExecSession session = follow(false, without, new SessionListener() {})) {
      assertThat(session.await())
          .isInstanceOfSatisfying(
              Outcome.Unknown.class,
              unknown -> assertThat(unknown.why()).contains("no token today"));
    }
  }

  @Test
  void dropsAConnectionThatComesWhenItIsOver() throws Exception {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    CompletableFuture<Void> over = new CompletableFuture<>();
    SessionOpener slow =
        (from, again, ticket, listener) -> {
          asked.complete(null);
          over.join();
          return played.open(from, again, ticket, listener);
        };
    ExecSession session = follow(true, slow, new SessionListener() {});
    asked.join();
    session.close();
    over.complete(null);
    assertThat(played.dropped().again()).isFalse();
  }

  @Test
  void sendsStdinAgainFromWhereItWasTaken() throws Exception {
    try (ExecSession session = follow(true)) {
      PlayedSession.Connection first = played.connection().send(new Frame.Ack(0));
      session.stdin().write("0123456789".getBytes(StandardCharsets.US_ASCII));
      session.stdin().close();
      Frame.Stdin sent = (Frame.Stdin) first.next();
      assertThat(sent.offset()).isZero();
      first.listener().closed("cut");
      PlayedSession.Connection second = played.connection().send(new Frame.Ack(4));
      assertThat(second.next())
          .isEqualTo(new Frame.Stdin(4, ByteString.copyFromUtf8("456789"), true));
      second.send(new Frame.Ack(10)).exit("");
      assertThat(session.await()).isInstanceOf(Outcome.Known.class);
    }
  }

  @Test
  void holdsUpWhoeverWritesWhileTheWindowIsFull() throws Exception {
    try (ExecSession session = follow(true)) {
      PlayedSession.Connection connection = played.connection().send(new Frame.Ack(0));
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try (OutputStream stdin = session.stdin()) {
                  stdin.write(new byte[WINDOW + 1]);
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      long taken = 0;
      while (taken < WINDOW - Frame.MAX_DATA) {
        taken = ((Frame.Stdin) connection.next()).end();
      }
      assertThat(writer.isAlive()).isTrue();
      boolean eof = false;
      while (!eof) {
        connection.send(new Frame.Ack(taken));
        Frame.Stdin frame = (Frame.Stdin) connection.next();
        taken = frame.end();
        eof = frame.eof();
      }
      assertThat(taken).isEqualTo(WINDOW + 1);
      writer.join();
      connection.send(new Frame.Ack(taken)).exit("");
      assertThat(session.await()).isInstanceOf(Outcome.Known.class);
    }
  }

  @Test
  void takesNoMoreInputWhenItIsOver() throws Exception {
    try (ExecSession session = follow(true)) {
      played.connection().send(new Frame.Ack(0)).exit("");
      assertThat(session.await()).isInstanceOf(Outcome.Known.class);
      assertThatThrownBy(() -> session.stdin().write(1)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void isNoSuccessWhereItWasLeft() throws Exception {
    ExecSession session = follow(true);
    PlayedSession.Connection connection = played.connection();
    session.signal("TERM");
    session.leave();
    assertThat(connection.next()).isEqualTo(new Frame.Signal("TERM"));
    session.close();
    assertThat(session.await()).isEqualTo(new Outcome.Unknown("the session was left"));
  }
}
