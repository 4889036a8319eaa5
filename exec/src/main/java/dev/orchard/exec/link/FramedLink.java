package dev.orchard.exec.link;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * One end of the framed link (docs/framed-link.md): bytes and the application's wishes go in,
 * {@link #events} and bytes for the wire come out. No threads, clocks or sockets, one caller at a
 * time. Times are nanoseconds from any zero in the past.
 *
 * <p>Everything is bounded whatever the peer does: by {@link LinkLimits#MAX_STREAMS} windows and
 * messages inbound, outbound by what the application sends without asking {@link #isReady}.
 */
final class FramedLink {
  private final Epoch epoch;
  private final Streams streams;
  private final FrameDecoder decoder = new FrameDecoder();
  private final FrameEncoder encoder = new FrameEncoder();
  private List<LinkEvent> events = new ArrayList<>();
  private int sequence;

  private FramedLink(boolean host, Epoch epoch) {
    this.epoch = epoch;
    this.streams = new Streams(host, event -> events.add(event));
  }

  /** The end that opens streams. */
  static FramedLink host(RandomGenerator nonces) {
    return new FramedLink(true, new HostEpoch(nonces));
  }

  /** The end that serves them. */
  static FramedLink guest(RandomGenerator nonces) {
    return new FramedLink(false, new GuestEpoch(nonces));
  }

  // The channel below

  /** Bytes can flow, though nobody may be at the other end yet. */
  void carrierOpened(long now) {
    decoder.reset();
    epoch.carrierOpened(now);
  }

  void carrierLost() {
    epoch.carrierLost();
    streams.epochLost();
  }

  /** For good: every call ends, and every further one at once. */
  void shut() {
    epoch.carrierLost();
    streams.shut();
  }

  void received(byte[] bytes, int offset, int length, long now) {
    decoder.feed(bytes, offset, length, frame -> received(frame, now));
  }

  private void received(LinkFrame frame, long now) {
    switch (epoch.received(frame, now)) {
      case NONE -> {}
      case FRAME -> {
        if (!streams.received(frame)) {
          epoch.fail(now);
          streams.epochLost();
        }
      }
      case BEGUN -> {
        sequence = 0;
        streams.epochBegun();
      }
      case LOST -> streams.epochLost();
    }
  }

  /**
   * Fills {@code into}, which holds at least {@link LinkFrame#MAX_ENCODED}, with frames for the
   * wire; returns how many bytes, 0 if there is nothing to say.
   */
  int write(byte[] into) {
    int length = 0;
    while (into.length - length >= LinkFrame.MAX_ENCODED) {
      int end = writeFrame(into, length);
      if (end == length) {
        break;
      }
      length = end;
    }
    return length;
  }

  private int writeFrame(byte[] into, int at) {
    Optional<Epoch.Control> control = epoch.poll();
    if (control.isPresent()) {
      Epoch.Control frame = control.get();
      encoder.payload();
      return encoder.encode(
          frame.epoch(), frame.sequenced() ? ++sequence : 0, frame.type(), 0, into, at);
    }
    return streams
        .poll(encoder.payload())
        .map(
            frame -> encoder.encode(epoch.id(), ++sequence, frame.type(), frame.stream(), into, at))
        .orElse(at);
  }

  boolean hasOutput() {
    return epoch.hasControl() || streams.hasOutgoing();
  }

  // Time

  void tick(long now) {
    streams.expire(now);
    if (epoch.tick(now, streams.count() > 0) == Epoch.Verdict.LOST) {
      streams.epochLost();
    }
  }

  /** When to call {@link #tick} next; {@link Long#MAX_VALUE}: only after something else. */
  long nextTick() {
    return Math.min(streams.nextDeadline(), epoch.nextTick(streams.count() > 0));
  }

  // The application above

  /** Both ends agree on an epoch, as far as this one knows. */
  boolean isUp() {
    return epoch.up();
  }

  /** What happened since the last call, in order. */
  List<LinkEvent> events() {
    if (events.isEmpty()) {
      return List.of();
    }
    List<LinkEvent> happened = events;
    events = new ArrayList<>();
    return happened;
  }

  /**
   * Host: starts a call.
   *
   * @param deadline when it ends by itself, or {@link Long#MAX_VALUE}
   * @param waits whether it waits for the link where that is down, or ends at once
   */
  LinkStream open(String method, long deadline, boolean waits) {
    return streams.open(method, deadline, waits);
  }

  boolean isReady(LinkStream stream) {
    return streams.isReady(stream);
  }

  void request(LinkStream stream, int messages) {
    streams.request(stream, messages);
  }

  void send(LinkStream stream, ByteString message) {
    streams.send(stream, message);
  }

  /** Host: no more messages. */
  void halfClose(LinkStream stream) {
    streams.halfClose(stream);
  }

  /** Guest: the call's status, behind its messages. */
  void close(LinkStream stream, Status status) {
    streams.close(stream, status);
  }

  /** Host: ends a call now with this status. */
  void reset(LinkStream stream, Status status) {
    streams.reset(stream, status);
  }
}
