package dev.orchard.exec.simulation;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * A connection between two places: each way in order, with random delays, and with a window of
 * bytes that were sent and not taken. Once cut, what was on its way is gone; where one end just
 * went, what it had sent still arrives. Either end learns of it sooner or later.
 */
final class Wire<A, B> {
  /** The window of an attachment, and of a stream to the guest. */
  static final int WINDOW = 256 << 10;

  /** One way. */
  final class Way<M> {
    private record Held<M>(M message, int size) {}

    private Consumer<M> receiver = m -> {};
    private Runnable onCut = () -> {};
    private Runnable onRoom = () -> {};
    private final ArrayDeque<Held<M>> waiting = new ArrayDeque<>();
    private long last;
    private int inFlight;
    private boolean held;
    private boolean cutTold;

    /** What happens at the way's end, and at its beginning when there is room again. */
    void received(Consumer<M> handler) {
      receiver = handler;
    }

    void onRoom(Runnable handler) {
      onRoom = handler;
    }

    void send(M message, int size) {
      if (closed) {
        return;
      }
      inFlight += size;
      last = Math.max(last, clock.now() + clock.below(delay));
      clock.after(last - clock.now(), () -> arrive(message, size));
    }

    void send(M message) {
      send(message, 0);
    }

    int inFlight() {
      return inFlight;
    }

    boolean hasRoom() {
      return !closed && inFlight < WINDOW;
    }

    private void arrive(M message, int size) {
      if (lossy) {
        return;
      }
      if (held) {
        waiting.add(new Held<>(message, size));
      } else {
        take(message, size);
      }
    }

    private void take(M message, int size) {
      boolean full = inFlight >= WINDOW;
      inFlight -= size;
      receiver.accept(message);
      if (full && inFlight < WINDOW && !closed) {
        onRoom.run();
      }
    }

    /** The receiver takes nothing until it lets go. */
    void hold() {
      held = true;
    }

    void letGo() {
      held = false;
      while (!held && !lossy && !waiting.isEmpty()) {
        Held<M> next = waiting.remove();
        take(next.message(), next.size());
      }
      if (cutTold && waiting.isEmpty()) {
        cutTold = false;
        onCut.run();
      }
    }

    private void end(int longestUntilKnown) {
      clock.after(
          Math.max(0, last - clock.now()) + clock.below(longestUntilKnown),
          () -> {
            if (lossy || waiting.isEmpty()) {
              onCut.run();
            } else {
              cutTold = true;
            }
          });
    }
  }

  final Way<A> toA = new Way<>();
  final Way<B> toB = new Way<>();
  private final Clockwork clock;
  private final int delay;
  private boolean closed;
  private boolean lossy;
  private boolean opened;

  Wire(Clockwork clock, int delay) {
    this.clock = clock;
    this.delay = delay;
  }

  void endA(Consumer<A> receiver, Runnable onCut) {
    toA.receiver = receiver;
    toA.onCut = onCut;
  }

  void endB(Consumer<B> receiver, Runnable onCut) {
    opened = true;
    toB.receiver = receiver;
    toB.onCut = onCut;
  }

  /** Somebody is at its other end. */
  boolean isOpened() {
    return opened;
  }

  boolean alive() {
    return !closed;
  }

  /** Loses what is on its way. */
  void cut() {
    cut(200, 200);
  }

  /** As {@link #cut()}, where an end may believe for so many milliseconds that nothing happened. */
  void cut(int untilAKnows, int untilBKnows) {
    lossy = true;
    end(untilAKnows, untilBKnows);
  }

  /** Delivers what is on its way. */
  void close() {
    end(200, 200);
  }

  /** What a dead process had sent may arrive or not. */
  void die() {
    if (clock.oneIn(2)) {
      cut();
    } else {
      close();
    }
  }

  private void end(int untilAKnows, int untilBKnows) {
    if (closed) {
      return;
    }
    closed = true;
    toA.end(untilAKnows);
    toB.end(untilBKnows);
  }
}
