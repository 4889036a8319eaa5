package dev.orchard.controller.session;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.ticket.Ticket;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * An attachment whose client gets tickets to come back with: in {@code started}, in every
 * heartbeat, and in one heartbeat more every five minutes, however much output there is. Whether it
 * still may is asked before that one.
 */
final class TicketedStream implements FrameStream {
  /** Half of a ticket's lifetime: whoever is cut off has as much again to come back. */
  private static final Duration RENEWAL = Tickets.LIFETIME.dividedBy(2);

  private final FrameStream stream;
  private final Tickets tickets;
  private final Ticket ticket;
  private final Grant grant;
  private final InstantSource clock;

  // The reading thread's own.
  private Instant asked;
  private boolean renewable;
  private boolean ownFrame;

  TicketedStream(
      FrameStream stream, Tickets tickets, Ticket ticket, Grant grant, InstantSource clock) {
    this.stream = stream;
    this.tickets = tickets;
    this.ticket = ticket;
    this.grant = grant;
    this.clock = clock;
    this.asked = clock.instant();
    this.renewable = grant.renewable();
  }

  @Override
  public Next next(Duration patience) throws InterruptedException {
    ownFrame = !clock.instant().isBefore(asked.plus(RENEWAL));
    if (ownFrame) {
      return new Next.Arrived(renewal());
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

  private Frame.Out renewal() {
    asked = clock.instant();
    try {
      renewable = grant.standing().renewable();
      return heartbeat();
    } catch (ApiException e) {
      return new Frame.Failure(ErrorCode.FORBIDDEN, e.detail());
    }
  }

  private String issue() {
    return renewable ? tickets.issue(ticket) : "";
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
