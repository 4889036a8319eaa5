package dev.orchard.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.ticket.Ticket;
import dev.orchard.controller.ticket.TicketKeys;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TicketedStreamTest {
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Ticket TICKET =
      new Ticket("default", "hello", "s", "u", "w1", false, false, Set.of(Right.READ), "caller");
  private static final Frame.Output OUTPUT =
      new Frame.Output(StdStream.STDOUT, 0, ByteString.copyFromUtf8("hi"));

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final Tickets tickets = new Tickets(TicketKeys.random(), () -> now);
  private final Deque<FrameStream.Next> coming = new ArrayDeque<>();
  private int asked;
  private boolean tokenIsKnown = true;
  private boolean mayRead = true;

  private final FrameStream stream =
      new TicketedStream(
          new FrameStream() {
            @Override
            public Next next(Duration patience) {
              return coming.isEmpty() ? new Next.Nothing() : coming.remove();
            }

            @Override
            public void done() {
              asked++;
            }

            @Override
            public boolean send(Frame.In frame, Duration patience) {
              return true;
            }

            @Override
            public void wake() {}

            @Override
            public void close() {}
          },
          tickets,
          TICKET,
          new Grant("caller", Set.of(Right.READ), true, this::renewable),
          () -> now);

  private boolean renewable() {
    if (!mayRead) {
      throw ApiException.forbidden("ask for a role");
    }
    return tokenIsKnown;
  }

  private FrameStream.Next next(Frame.Out frame) throws InterruptedException {
    coming.add(new FrameStream.Next.Arrived(frame));
    return stream.next(PATIENCE);
  }

  private Frame.Out frame(FrameStream.Next next) {
    return ((FrameStream.Next.Arrived) next).frame();
  }

  @Test
  void givesATicketWithWhatStartedAndWithEveryHeartbeat() throws InterruptedException {
    Frame.Started started = (Frame.Started) frame(next(new Frame.Started("s", 7, "boot-1", "")));
    assertThat(started.session()).isEqualTo("s");
    assertThat(tickets.verify(started.ticket())).isEqualTo(TICKET);
    Frame.Heartbeat workers = (Frame.Heartbeat) frame(next(new Frame.Heartbeat("")));
    assertThat(tickets.verify(workers.ticket())).isEqualTo(TICKET);
    assertThat(tickets.verify(stream.heartbeat().ticket())).isEqualTo(TICKET);
    assertThat(frame(next(OUTPUT))).isEqualTo(OUTPUT);
  }

  @Test
  void renewsItEveryFiveMinutesHoweverMuchOutputThereIs() throws InterruptedException {
    for (int minutes = 0; minutes < 5; minutes++) {
      assertThat(frame(next(OUTPUT))).isEqualTo(OUTPUT);
      stream.done();
      now = now.plusSeconds(60);
    }
    assertThat(frame(next(OUTPUT))).isInstanceOf(Frame.Heartbeat.class);
    stream.done();
    assertThat(asked).isEqualTo(5);
    assertThat(frame(stream.next(PATIENCE))).isEqualTo(OUTPUT);
    stream.done();
    assertThat(asked).isEqualTo(6);
  }

  @Test
  void asksEveryFiveMinutesWhetherItsClientStillMay() throws InterruptedException {
    mayRead = false;
    now = now.plusSeconds(299);
    assertThat(frame(next(OUTPUT))).isEqualTo(OUTPUT);
    now = now.plusSeconds(1);
    assertThat(frame(next(OUTPUT)))
        .isEqualTo(new Frame.Failure(ErrorCode.FORBIDDEN, "ask for a role"));
  }

  @Test
  void goesOnWithoutTicketsOnceItsClientsTokenIsNotKnown() throws InterruptedException {
    tokenIsKnown = false;
    now = now.plusSeconds(300);
    assertThat(frame(next(OUTPUT))).isEqualTo(new Frame.Heartbeat(""));
    assertThat(frame(stream.next(PATIENCE))).isEqualTo(OUTPUT);
    assertThat(stream.heartbeat()).isEqualTo(new Frame.Heartbeat(""));
  }
}
