package dev.orchard.controller.session;

import dev.orchard.controller.ticket.Ticket;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * An attachment whose client gets tickets to come back with: in {@code started}, in every
 * heartbeat, and in one heartbeat more where it has had none for so long, however much output there
 * is.
 */
final class TicketedStream implements FrameStream {
  /** Half of a ticket's lifetime: whoever is cut off has as much again to come back. */
  private static final Duration RENEWAL = Tickets.LIFETIME.dividedBy(2);

  private final FrameStream stream;
  private final Tickets tickets;
  private final Ticket ticket;
  private final InstantSource clock;

  // The reading thread's own.
  private Instant issued;
  private boolean ownFrame;

  TicketedStream(FrameStream stream, Tickets tickets, Ticket ticket, InstantSource clock) {
    this.stream = stream;
    this.tickets = tickets;
    this.ticket = ticket;
    this.clock = clock;
    this.issued = clock.instant();
  }

  @Override
  public Next next(Duration patience) throws InterruptedException {
    ownFrame = !clock.instant().isBefore(issued.plus(RENEWAL));
    if (ownFrame) {
      return new Next.Arrived(heartbeat());
    }
    Next next = stream.next(patience);
    return switch (next) {
      case Next.Arrived(Frame.Started started) ->
          new Next.Arrived(
              new Frame.Started(started.session(), started.pid(), started.bootId(), issue()));
      case Next.Arrived(Frame.Heartbeat _) -> new Next.Arrived(heartbeat());
      case Next.Arrived _, Next.Nothing _, Next.Over _ -> next;
    };
  }

  @Override
  public Frame.Heartbeat heartbeat() {
    return new Frame.Heartbeat(issue());
  }

  private String issue() {
    issued = clock.instant();
    return tickets.issue(ticket);
  }

  @Override
  public void done() {
    if (!ownFrame) {
      stream.done();
    }
  }

  @Override
  public boolean send(Frame.In frame, Duration patience) throws InterruptedException {
    return stream.send(frame, patience);
  }

  @Override
  public void wake() {
    stream.wake();
  }

  @Override
  public void close() {
    stream.close();
  }
}
