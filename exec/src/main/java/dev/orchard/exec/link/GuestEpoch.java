package dev.orchard.exec.link;

import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The guest's side: it takes every epoch that the host asks for and adds a nonce of its own. It
 * keeps no time; whether a host is there does not matter to it.
 *
 * <ul>
 *   <li>none or broken → up: HELLO
 *   <li>up → up in a new epoch: HELLO with another nonce
 *   <li>up → broken: a gap, a broken rule. Answered with LOST until the host asks for a new one
 * </ul>
 */
final class GuestEpoch implements Epoch {
  private final RandomGenerator nonces;
  private final Arrivals arrivals = new Arrivals();
  private long id;
  private boolean known;
  private boolean broken;
  private boolean welcomeDue;
  private boolean pongDue;
  private boolean lostDue;
  private long lost;

  GuestEpoch(RandomGenerator nonces) {
    this.nonces = nonces;
  }

  @Override
  public Verdict received(LinkFrame frame, long now) {
    if (frame.is(FrameType.HELLO)) {
      return hello(frame.epoch());
    }
    if (!up() || frame.epoch() != id) {
      if (frame.is(FrameType.PING) || frame.is(FrameType.OPEN)) {
        sayLost(frame.epoch());
      }
      return Verdict.NONE;
    }
    return switch (arrivals.place(frame.sequence())) {
      case NEXT -> ping(frame) ? Verdict.NONE : Verdict.FRAME;
      case SEEN -> Verdict.NONE;
      case GAP -> {
        breakOff();
        yield Verdict.LOST;
      }
    };
  }

  private boolean ping(LinkFrame frame) {
    boolean ping = frame.is(FrameType.PING);
    pongDue |= ping;
    return ping;
  }

  private Verdict hello(long epoch) {
    if (known && Epoch.hostHalf(epoch) == Epoch.hostHalf(id)) {
      if (broken) {
        sayLost(id);
      } else {
        welcomeDue = true;
      }
      return Verdict.NONE;
    }
    id = Epoch.id(Epoch.hostHalf(epoch), nonces.nextInt());
    known = true;
    broken = false;
    welcomeDue = true;
    pongDue = false;
    lostDue = false;
    arrivals.reset();
    return Verdict.BEGUN;
  }

  private void sayLost(long epoch) {
    lostDue = true;
    lost = epoch;
  }

  private void breakOff() {
    broken = true;
    welcomeDue = false;
    pongDue = false;
    sayLost(id);
  }

  @Override
  public void fail(long now) {
    breakOff();
  }

  @Override
  public void carrierOpened(long now) {
    known = false;
  }

  @Override
  public void carrierLost() {
    known = false;
    welcomeDue = false;
    pongDue = false;
    lostDue = false;
  }

  @Override
  public Verdict tick(long now, boolean active) {
    return Verdict.NONE;
  }

  @Override
  public long nextTick(boolean active) {
    return NEVER;
  }

  @Override
  public boolean up() {
    return known && !broken;
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public Optional<Control> poll() {
    if (welcomeDue) {
      welcomeDue = false;
      return Optional.of(new Control(FrameType.WELCOME, id));
    }
    if (lostDue) {
      lostDue = false;
      return Optional.of(new Control(FrameType.LOST, lost));
    }
    if (pongDue) {
      pongDue = false;
      return Optional.of(new Control(FrameType.PONG, id));
    }
    return Optional.empty();
  }

  @Override
  public boolean hasControl() {
    return welcomeDue || lostDue || pongDue;
  }
}
