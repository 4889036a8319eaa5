package dev.orchard.worker.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Fence;
import dev.orchard.worker.guest.Guest;
import dev.orchard.worker.guest.GuestStream;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A session's way to its guest: the agent while it answers, the stream to it while one is open, and
 * when to try again after one broke. For the session's thread.
 */
final class GuestSide {
  private static final Duration FIRST_RETRY = Duration.ofMillis(100);
  private static final Duration LAST_RETRY = Duration.ofSeconds(2);

  private final SessionSpec spec;
  private final GuestStream.Listener listener;
  private @Nullable Guest guest;
  private @Nullable GuestStream stream;
  private boolean retrying;
  private long retryAt;
  private Duration retry = FIRST_RETRY;

  GuestSide(SessionSpec spec, GuestStream.Listener listener) {
    this.spec = spec;
    this.listener = listener;
  }

  /** Takes note of who answers now; false if that is nothing new. */
  boolean answers(@Nullable Guest present) {
    if (present == guest) {
      return false;
    }
    guest = present;
    retrying = false;
    close();
    return true;
  }

  /** Whom a start would be meant for; empty while nobody answers. */
  Optional<Fence> fence() {
    return Optional.ofNullable(guest).map(g -> new Fence(spec.bootId(), g.instance()));
  }

  /** What of the command the guest cannot do. */
  Optional<String> lacking() {
    return Optional.ofNullable(guest).flatMap(g -> spec.command().lacking(g.capabilities()));
  }

  void start() {
    close();
    if (guest != null) {
      stream = GuestStream.start(guest, spec.uid().value(), spec.command(), listener);
    }
  }

  void attach(long from, boolean dropStdin) {
    close();
    if (guest != null) {
      stream = GuestStream.attach(guest, spec.uid().value(), from, dropStdin, listener);
    }
  }

  boolean isOpen(GuestStream of) {
    return of == stream;
  }

  void send(Frame.In frame) {
    if (stream != null) {
      stream.send(frame);
    }
  }

  /** False while the agent leaves lying what it was sent. */
  boolean takesMore() {
    return stream == null || stream.takesMore();
  }

  void stored(long offset, boolean exit) {
    if (stream != null) {
      stream.stored(offset, exit);
    }
  }

  /** Lets the next message come, if this stream is still the open one. */
  void more(GuestStream of) {
    if (of == stream) {
      of.more();
    }
  }

  /** The stream does its work: the next retry is an early one again. */
  void works() {
    retry = FIRST_RETRY;
  }

  /** The stream has ended by itself. */
  void ended() {
    stream = null;
  }

  void close() {
    GuestStream open = stream;
    stream = null;
    if (open != null) {
      open.close();
    }
  }

  /** Ends the command, whatever becomes of its session. */
  void abandon() {
    send(new Frame.Signal("KILL"));
    // Not closed: that would overtake the signal. What still comes on it is not listened to.
    stream = null;
  }

  void retryLater() {
    if (guest != null) {
      guest.suspect();
    }
    retrying = true;
    retryAt = System.nanoTime() + retry.toNanos();
    Duration doubled = retry.multipliedBy(2);
    retry = doubled.compareTo(LAST_RETRY) < 0 ? doubled : LAST_RETRY;
  }

  /** True once when it is time to try again. */
  boolean retryIsDue() {
    if (!retrying || guest == null || retryAt - System.nanoTime() > 0) {
      return false;
    }
    retrying = false;
    return true;
  }

  /** How long to wait at most, so that no retry is late. */
  Duration untilRetry(Duration otherwise) {
    if (!retrying || guest == null) {
      return otherwise;
    }
    Duration left = Duration.ofNanos(Math.max(0, retryAt - System.nanoTime())).plusMillis(1);
    return left.compareTo(otherwise) < 0 ? left : otherwise;
  }
}
