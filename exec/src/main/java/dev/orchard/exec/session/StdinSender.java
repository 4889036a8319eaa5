package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import java.util.Optional;

/**
 * Stdin on its way to the next place, at the client and at the worker: held until acknowledged, so
 * that it goes out again from there on every new connection.
 */
final class StdinSender {
  private final StdinQueue queue;
  private boolean offsetKnown;
  private long sent;

  /** Where what earlier senders sent ends: what of it is taken is acknowledged here. */
  private long sentBefore;

  private boolean endSent;

  StdinSender(boolean promised) {
    this.queue = new StdinQueue(promised);
  }

  Optional<Frame.Failure> offer(Frame.Stdin frame) {
    return queue.offer(frame);
  }

  /** A new connection, on which the next place has taken everything before {@code offset}. */
  void resume(long offset) {
    resume(offset, offset);
  }

  /** As the other, and it holds what an earlier sender sent before {@code received}. */
  void resume(long offset, long received) {
    queue.takenUpTo(offset);
    offsetKnown = true;
    sent = queue.taken();
    sentBefore = received;
    endSent = false;
  }

  /** The next place may hold what it was sent. */
  boolean mayBeHeld() {
    return Math.max(sent, sentBefore) > queue.taken();
  }

  /** The connection is gone: where the next place is will be told by {@link #resume}. */
  void disconnected() {
    offsetKnown = false;
  }

  /** The next place takes none of what it was sent; false where it was sent nothing. */
  boolean refused() {
    boolean sentAny = !queue.head().isEmpty() || queue.endKnown();
    queue.reset();
    return sentAny;
  }

  /** Forgets what was not acknowledged. */
  void drop() {
    queue.drop();
  }

  /** Returns false where the next place claims bytes that nobody can have sent. */
  boolean acknowledged(long offset) {
    if (offset > Math.max(sent, sentBefore)) {
      return false;
    }
    queue.takenUpTo(offset);
    sent = Math.max(sent, offset);
    return true;
  }

  boolean offsetKnown() {
    return offsetKnown;
  }

  /** Offset of the first byte that was never offered. */
  long received() {
    return queue.received();
  }

  long taken() {
    return queue.taken();
  }

  int room() {
    return queue.room();
  }

  /** The next frame for this connection, or empty while there is none. */
  Optional<Frame.Stdin> next() {
    if (!offsetKnown) {
      return Optional.empty();
    }
    ByteString rest = queue.head().substring((int) (sent - queue.taken()));
    if (rest.isEmpty() && (!queue.endKnown() || endSent)) {
      return Optional.empty();
    }
    ByteString data = rest.substring(0, Math.min(rest.size(), Frame.MAX_DATA));
    boolean eof = queue.endKnown() && data.size() == rest.size();
    Frame.Stdin frame = new Frame.Stdin(sent, data, eof);
    sent = frame.end();
    endSent = eof;
    return Optional.of(frame);
  }
}
