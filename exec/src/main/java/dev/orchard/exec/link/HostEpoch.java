package dev.orchard.exec.link;

import static dev.orchard.exec.link.LinkLimits.HELLO_INTERVAL_NANOS;
import static dev.orchard.exec.link.LinkLimits.PING_INTERVAL_NANOS;
import static dev.orchard.exec.link.LinkLimits.SILENCE_NANOS;

import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The host's side. It greets with a nonce of its own until the guest answers with one more: both
 * make the epoch, so that neither a repeated HELLO nor a repeated WELCOME can revive an old one.
 *
 * <ul>
 *   <li>no carrier → greeting: a carrier was opened
 *   <li>greeting → up: WELCOME with our nonce
 *   <li>up → greeting with a new nonce: a gap, LOST, silence, a broken rule
 *   <li>any → no carrier: the carrier broke
 * </ul>
 */
final class HostEpoch implements Epoch {
  private final RandomGenerator nonces;
  private final Arrivals arrivals = new Arrivals();
  private long id;
  private boolean up;
  private boolean helloDue;
  private boolean pingDue;
  private boolean active;
  private long nextHello = NEVER;
  private long lastHello;
  private boolean greeted;
  private long nextPing = NEVER;
  private long heard;

  HostEpoch(RandomGenerator nonces) {
    this.nonces = nonces;
  }

  @Override
  public Verdict received(LinkFrame frame, long now) {
    if (Epoch.hostHalf(frame.epoch()) != Epoch.hostHalf(id)) {
      return Verdict.NONE;
    }
    if (frame.is(FrameType.LOST)) {
      return lose(now);
    }
    if (frame.is(FrameType.WELCOME) && !up) {
      return begin(frame.epoch(), now);
    }
    if (!up || frame.epoch() != id) {
      return Verdict.NONE;
    }
    heard = now;
    if (frame.is(FrameType.WELCOME)) {
      return Verdict.NONE;
    }
    return switch (arrivals.place(frame.sequence())) {
      case NEXT -> frame.is(FrameType.PONG) ? Verdict.NONE : Verdict.FRAME;
      case SEEN -> Verdict.NONE;
      case GAP -> lose(now);
    };
  }

  private Verdict begin(long epoch, long now) {
    id = epoch;
    up = true;
    helloDue = false;
    nextHello = NEVER;
    heard = now;
    nextPing = now + PING_INTERVAL_NANOS;
    arrivals.reset();
    return Verdict.BEGUN;
  }

  private Verdict lose(long now) {
    boolean wasUp = up;
    greet(now);
    return wasUp ? Verdict.LOST : Verdict.NONE;
  }

  private void greet(long now) {
    up = false;
    pingDue = false;
    id = Epoch.id(nonces.nextInt(), 0);
    // A guest that breaks every epoch at once does not keep us busy.
    nextHello = greeted ? Math.max(now, lastHello + HELLO_INTERVAL_NANOS) : now;
  }

  @Override
  public void fail(long now) {
    greet(now);
  }

  @Override
  public void carrierOpened(long now) {
    greeted = false;
    greet(now);
  }

  @Override
  public void carrierLost() {
    up = false;
    helloDue = false;
    pingDue = false;
    nextHello = NEVER;
  }

  @Override
  public Verdict tick(long now, boolean active) {
    if (now >= nextHello) {
      helloDue = true;
      greeted = true;
      lastHello = now;
      nextHello = now + HELLO_INTERVAL_NANOS;
    }
    if (active && !this.active) {
      // Asked at once: a stream on an epoch that the guest has lost fails within a round trip.
      heard = now;
      nextPing = now;
    }
    this.active = active;
    if (!up || !active) {
      return Verdict.NONE;
    }
    if (now - heard >= SILENCE_NANOS) {
      return lose(now);
    }
    if (now >= nextPing) {
      pingDue = true;
      nextPing = now + PING_INTERVAL_NANOS;
    }
    return Verdict.NONE;
  }

  @Override
  public long nextTick(boolean active) {
    if (!up) {
      return nextHello;
    }
    if (active != this.active) {
      return 0;
    }
    return active ? Math.min(nextPing, heard + SILENCE_NANOS) : NEVER;
  }

  @Override
  public boolean up() {
    return up;
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public Optional<Control> poll() {
    if (helloDue) {
      helloDue = false;
      return Optional.of(new Control(FrameType.HELLO, id));
    }
    if (pingDue) {
      pingDue = false;
      return Optional.of(new Control(FrameType.PING, id));
    }
    return Optional.empty();
  }

  @Override
  public boolean hasControl() {
    return helloDue || pingDue;
  }
}
