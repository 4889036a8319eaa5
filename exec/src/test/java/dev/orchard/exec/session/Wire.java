package dev.orchard.exec.session;

import java.util.function.Consumer;

/**
 * A connection between two places: each way in order with random delays. Once cut, what was on its
 * way is gone; where one end just went, what it had sent still arrives. Either end learns of it
 * sooner or later.
 */
final class Wire<A, B> {
  private final Clockwork clock;
  private final int delay;
  private boolean closed;
  private boolean lossy;
  private long lastToA;
  private long lastToB;
  private Consumer<A> toA = a -> {};
  private Consumer<B> toB = b -> {};
  private Runnable onCutA = () -> {};
  private Runnable onCutB = () -> {};

  Wire(Clockwork clock, int delay) {
    this.clock = clock;
    this.delay = delay;
  }

  void endA(Consumer<A> receiver, Runnable onCut) {
    toA = receiver;
    onCutA = onCut;
  }

  void endB(Consumer<B> receiver, Runnable onCut) {
    toB = receiver;
    onCutB = onCut;
  }

  boolean alive() {
    return !closed;
  }

  void sendToA(A message) {
    if (closed) {
      return;
    }
    lastToA = Math.max(lastToA, clock.now() + clock.random.nextInt(delay));
    clock.after(
        lastToA - clock.now(),
        () -> {
          if (!lossy) {
            toA.accept(message);
          }
        });
  }

  void sendToB(B message) {
    if (closed) {
      return;
    }
    lastToB = Math.max(lastToB, clock.now() + clock.random.nextInt(delay));
    clock.after(
        lastToB - clock.now(),
        () -> {
          if (!lossy) {
            toB.accept(message);
          }
        });
  }

  /** Loses what is on its way. */
  void cut() {
    lossy = true;
    close();
  }

  /** Delivers what is on its way. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    clock.after(Math.max(0, lastToA - clock.now()) + clock.random.nextInt(200), () -> onCutA.run());
    clock.after(Math.max(0, lastToB - clock.now()) + clock.random.nextInt(200), () -> onCutB.run());
  }
}
