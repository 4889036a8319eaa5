package dev.orchard.exec.link;

import static dev.orchard.exec.link.LinkLimits.MAX_MESSAGE;
import static dev.orchard.exec.link.LinkLimits.MAX_PAYLOAD;
import static dev.orchard.exec.link.LinkLimits.WINDOW;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call: the messages that wait to be sent until the peer grants room, and the bytes received
 * that wait until the application asks. What the peer may send is granted again only as bytes leave
 * the window, so a reader that stops holds at most the window and one message.
 */
final class LinkStream {
  /** Messages that wait for the wire, in bytes, beyond which the application should pause. */
  private static final int READY_BELOW = 64 * 1024;

  private static final int GRANT_FROM = WINDOW / 4;
  private static final int PREFIX = Integer.BYTES;

  private final int id;
  private final String method;
  private final long deadline;
  private final boolean waits;

  private final ByteQueue outbound = new ByteQueue();
  private long credit = WINDOW;
  private @Nullable Status finish;
  private boolean finishing;
  private boolean finished;
  private boolean saidUnready;

  private final ByteQueue inbound = new ByteQueue();
  private int allowance = WINDOW;
  private int grantable;
  private int early;
  private long demand;
  private @Nullable Status remoteStatus;
  private boolean remoteFinished;
  private boolean saidFinished;

  private boolean opened;
  private boolean resetDue;

  /** Read by the calls' own threads too. */
  private volatile @Nullable Status outcome;

  /**
   * @param deadline when the host gives the call up, or {@link Epoch#NEVER}
   * @param waits the call may wait for the link to come up
   */
  LinkStream(int id, String method, long deadline, boolean waits) {
    this.id = id;
    this.method = method;
    this.deadline = deadline;
    this.waits = waits;
  }

  int id() {
    return id;
  }

  String method() {
    return method;
  }

  long deadline() {
    return deadline;
  }

  boolean waits() {
    return waits;
  }

  /** The peer knows, or will know by what went out, of this stream. */
  boolean opened() {
    return opened;
  }

  void markOpened() {
    opened = true;
  }

  /** The application has heard the last of it. */
  boolean closed() {
    return outcome != null;
  }

  /** The peer or the link ended it before its status went out. Any thread may ask. */
  boolean cancelled() {
    Status ended = outcome;
    return ended != null && !ended.isOk();
  }

  boolean resetDue() {
    return resetDue;
  }

  // Outbound

  boolean ready() {
    return !closed() && !finishing && outbound.size() < READY_BELOW;
  }

  void enqueue(ByteString message) {
    outbound.append(ByteBuffer.allocate(PREFIX).putInt(0, message.size()));
    outbound.append(message.asReadOnlyByteBuffer());
    saidUnready |= !ready();
  }

  /** Nothing is enqueued any more. {@code status}: the guest's; null: the host half-closes. */
  void finish(@Nullable Status status) {
    finishing = true;
    finish = status;
  }

  boolean finishing() {
    return finishing;
  }

  boolean hasData() {
    return outbound.size() > 0 && credit > 0;
  }

  boolean finishDue() {
    return finishing && !finished && outbound.size() == 0;
  }

  /** The frame that ends our side goes out. Returns the guest's status, null at the host. */
  @Nullable Status takeFinish() {
    finished = true;
    return finish;
  }

  /** Moves what one frame holds and the peer has room for. True: the stream is ready again. */
  boolean takeData(ByteBuffer payload) {
    int count = (int) Math.min(Math.min(outbound.size(), MAX_PAYLOAD), credit);
    outbound.take(payload, count);
    credit -= count;
    boolean again = saidUnready && ready();
    saidUnready &= !again;
    return again;
  }

  void granted(long bytes) {
    // A peer that grants for ever must not make this wrap.
    credit = Math.min(credit + bytes, Integer.MAX_VALUE);
  }

  // Inbound

  void request(int messages) {
    demand += messages;
  }

  /** False: the peer sent more than it was granted. */
  boolean received(ByteBuffer payload) {
    if (payload.remaining() > allowance) {
      return false;
    }
    allowance -= payload.remaining();
    inbound.append(payload);
    return true;
  }

  /** The peer sends no more. {@code status}: the guest's; null: the host half-closed. */
  void remoteFinished(@Nullable Status status) {
    remoteFinished = true;
    remoteStatus = status;
  }

  boolean remoteIsFinished() {
    return remoteFinished;
  }

  /**
   * Hands over what the application has asked for and still wants. False: the peer sent nonsense.
   */
  boolean deliver(Consumer<LinkEvent> events) {
    if (finish != null) {
      return true;
    }
    while (!closed() && demand > 0 && inbound.size() >= PREFIX) {
      int length = inbound.peekInt();
      if (length < 0 || length > MAX_MESSAGE) {
        return false;
      }
      if (inbound.size() < PREFIX + length) {
        // A message may be longer than the window: what has arrived of it makes room for the rest.
        grantable += inbound.size() - early;
        early = inbound.size();
        break;
      }
      inbound.skip(PREFIX);
      byte[] message = inbound.take(length);
      grantable += PREFIX + length - early;
      early = 0;
      demand--;
      events.accept(new LinkEvent.Message(this, UnsafeByteOperations.unsafeWrap(message)));
    }
    return closed() || !remoteFinished || deliverEnd(events);
  }

  private boolean deliverEnd(Consumer<LinkEvent> events) {
    Status status = remoteStatus;
    if (inbound.size() > 0) {
      // Without demand it waits; with demand the peer finished in the middle of a message.
      return demand == 0;
    }
    if (status != null) {
      close(status, events);
    } else if (!saidFinished) {
      saidFinished = true;
      events.accept(new LinkEvent.HalfClosed(this));
    }
    return true;
  }

  boolean grantDue() {
    return grantable >= GRANT_FROM && !closed() && !remoteFinished;
  }

  int takeGrant() {
    int grant = grantable;
    allowance += grant;
    grantable = 0;
    return grant;
  }

  // End

  /** Last word to the application; what is queued in either direction is dropped. */
  void close(Status status, Consumer<LinkEvent> events) {
    if (!closed()) {
      outcome = status;
      outbound.clear();
      inbound.clear();
      events.accept(new LinkEvent.Closed(this, status));
    }
  }

  void requestReset() {
    resetDue = true;
  }
}
