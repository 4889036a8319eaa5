package dev.orchard.client;

import dev.orchard.exec.frame.Frame;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What goes to the session, one frame at a time: signals and sizes first, and those that come while
 * disconnected on the next connection; then stdin. Owned by one thread.
 */
final class Outbox {
  /** A user who sends more without an answer wants to leave. */
  private static final int MAX_SIGNALS = 16;

  private final Deque<Frame.Signal> signals = new ArrayDeque<>();
  private final Supplier<? extends Optional<? extends Frame.In>> stdin;
  private @Nullable WindowSize size;
  private boolean sizeSent;
  private boolean detached;
  private boolean detachSent;
  private @Nullable SessionStream socket;
  private boolean sending;

  /**
   * Without a connection.
   *
   * @param stdin the next frame of stdin, if there is one
   */
  Outbox(Supplier<? extends Optional<? extends Frame.In>> stdin) {
    this.sizeSent = true;
    this.stdin = stdin;
  }

  /** The session was created with a terminal of this size. */
  void created(WindowSize with) {
    size = with;
  }

  void connected(SessionStream socket) {
    this.socket = socket;
    sending = false;
  }

  void disconnected() {
    socket = null;
    // Whether these arrived is not known, and saying them twice does no harm.
    sizeSent = size == null;
    detachSent = false;
  }

  void signal(Frame.Signal signal) {
    if (signals.size() < MAX_SIGNALS) {
      signals.addLast(signal);
    }
  }

  /** Says, behind all that was typed before it, that the command is to run on without us. */
  void detach() {
    detached = true;
  }

  void resize(WindowSize changed) {
    size = changed;
    sizeSent = false;
  }

  /** The frame before is on its way. */
  void sent() {
    sending = false;
  }

  /** Whether no signal or farewell waits to be sent, and nothing is just being sent. */
  boolean isQuiet() {
    return signals.isEmpty() && detached == detachSent && !sending;
  }

  /** Sends what there is, if it can be sent now. Whether it did. */
  boolean flush() {
    SessionStream open = socket;
    if (open == null || sending) {
      return false;
    }
    Optional<? extends Frame.In> frame = next();
    frame.ifPresent(present -> send(open, present));
    return frame.isPresent();
  }

  /** Tells the other end that we live, where nothing else does. Whether it was sent. */
  boolean heartbeat() {
    SessionStream open = socket;
    if (open == null || sending) {
      return false;
    }
    send(open, new Frame.Heartbeat(""));
    return true;
  }

  private void send(SessionStream open, Frame.In frame) {
    sending = true;
    open.send(frame);
  }

  private Optional<? extends Frame.In> next() {
    if (!signals.isEmpty()) {
      return Optional.of(signals.removeFirst());
    }
    WindowSize current = size;
    if (current != null && !sizeSent) {
      sizeSent = true;
      return Optional.of(new Frame.Resize(current.rows(), current.cols()));
    }
    Optional<? extends Frame.In> typed = stdin.get();
    if (typed.isEmpty() && detached && !detachSent) {
      detachSent = true;
      return Optional.of(new Frame.Detach());
    }
    return typed;
  }
}
