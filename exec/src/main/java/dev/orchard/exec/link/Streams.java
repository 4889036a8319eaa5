package dev.orchard.exec.link;

import static dev.orchard.exec.link.LinkLimits.MAX_DESCRIPTION;
import static dev.orchard.exec.link.LinkLimits.MAX_MESSAGE;
import static dev.orchard.exec.link.LinkLimits.MAX_METHOD;
import static dev.orchard.exec.link.LinkLimits.MAX_STREAMS;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.Consumer;

/**
 * The streams of one end. Each waits in at most one place in each of two lines: OPEN, CREDIT and
 * RESET go before all data, data takes turns. A stream stays counted until its last frame went out,
 * so however fast the application opens and cancels, no queue outgrows {@link
 * LinkLimits#MAX_STREAMS}.
 */
final class Streams {
  /** A frame's type and stream; its payload is in the buffer that was given. */
  record Outgoing(FrameType type, int stream) {}

  private final boolean host;
  private final Consumer<LinkEvent> events;
  private final Map<Integer, LinkStream> streams = new LinkedHashMap<>();
  private final SequencedSet<LinkStream> urgent = new LinkedHashSet<>();
  private final SequencedSet<LinkStream> sending = new LinkedHashSet<>();
  private boolean up;
  private boolean shut;
  private int lastId;
  private long nextDeadline = Epoch.NEVER;

  Streams(boolean host, Consumer<LinkEvent> events) {
    this.host = host;
    this.events = events;
  }

  int count() {
    return streams.size();
  }

  long nextDeadline() {
    return nextDeadline;
  }

  // What the application does. On a stream that is over, nothing happens.

  LinkStream open(String method, long deadline, boolean waits) {
    lastId++;
    LinkStream stream = new LinkStream(lastId, method, deadline, waits);
    if (shut || (!up && !waits)) {
      stream.close(Status.UNAVAILABLE.withDescription("the guest's link is down"), events);
    } else if (streams.size() >= MAX_STREAMS) {
      stream.close(
          Status.RESOURCE_EXHAUSTED.withDescription(MAX_STREAMS + " streams are open"), events);
    } else {
      streams.put(lastId, stream);
      nextDeadline = Math.min(nextDeadline, deadline);
      if (up) {
        announce(stream);
      }
    }
    return stream;
  }

  private void announce(LinkStream stream) {
    urgent.add(stream);
    if (stream.ready()) {
      events.accept(new LinkEvent.Ready(stream));
    }
  }

  boolean isReady(LinkStream stream) {
    return up && stream.ready();
  }

  void request(LinkStream stream, int messages) {
    if (stream.closed()) {
      return;
    }
    stream.request(messages);
    if (!deliver(stream)) {
      end(stream, Status.INTERNAL.withDescription("malformed messages from the guest"));
    }
  }

  void send(LinkStream stream, ByteString message) {
    if (stream.closed() || stream.finishing()) {
      return;
    }
    if (message.size() > MAX_MESSAGE) {
      end(
          stream,
          Status.RESOURCE_EXHAUSTED.withDescription(
              "message of %d bytes, %d are allowed".formatted(message.size(), MAX_MESSAGE)));
    } else {
      stream.enqueue(message);
      line(stream);
    }
  }

  /** Host: no more messages. */
  void halfClose(LinkStream stream) {
    if (!stream.closed()) {
      stream.finish(null);
      line(stream);
    }
  }

  /** Guest: the call's status, behind its messages. */
  void close(LinkStream stream, Status status) {
    if (!stream.closed() && !stream.finishing()) {
      stream.finish(status);
      line(stream);
    }
  }

  /** Host: the call ends now with this status. */
  void reset(LinkStream stream, Status status) {
    if (!stream.closed()) {
      end(stream, status);
    }
  }

  private void end(LinkStream stream, Status status) {
    sending.remove(stream);
    if (!host) {
      stream.finish(status);
      line(stream);
      return;
    }
    stream.close(status, events);
    if (stream.opened()) {
      stream.requestReset();
      urgent.add(stream);
    } else {
      forget(stream);
    }
  }

  private void forget(LinkStream stream) {
    streams.remove(stream.id());
    urgent.remove(stream);
    sending.remove(stream);
  }

  private void line(LinkStream stream) {
    if (stream.hasData() || stream.finishDue()) {
      sending.add(stream);
    }
  }

  private boolean deliver(LinkStream stream) {
    boolean sane = stream.deliver(events);
    if (stream.closed()) {
      forget(stream);
    } else if (stream.grantDue()) {
      urgent.add(stream);
    }
    return sane;
  }

  // What the link does

  void epochBegun() {
    drop();
    up = true;
    if (!host) {
      lastId = 0;
    }
    List.copyOf(streams.values()).forEach(this::announce);
  }

  void epochLost() {
    up = false;
    drop();
  }

  /** For good: every call ends. */
  void shut() {
    shut = true;
    up = false;
    drop();
  }

  /** Calls that the peer never heard of may go on waiting. */
  private void drop() {
    urgent.clear();
    sending.clear();
    for (LinkStream stream : List.copyOf(streams.values())) {
      if (stream.opened() || !stream.waits() || shut) {
        stream.close(Status.UNAVAILABLE.withDescription("the guest's link was reset"), events);
        streams.remove(stream.id());
      }
    }
  }

  void expire(long now) {
    if (now < nextDeadline) {
      return;
    }
    List<LinkStream> open = new ArrayList<>(streams.values());
    open.removeIf(LinkStream::closed);
    nextDeadline = Epoch.NEVER;
    for (LinkStream stream : open) {
      if (stream.deadline() <= now) {
        end(stream, Status.DEADLINE_EXCEEDED.withDescription(stream.method()));
      } else {
        nextDeadline = Math.min(nextDeadline, stream.deadline());
      }
    }
  }

  /** False: the peer broke the protocol. */
  boolean received(LinkFrame frame) {
    if (frame.type().isEmpty()) {
      return true;
    }
    FrameType type = frame.type().get();
    if (type == FrameType.OPEN) {
      return host || accept(frame);
    }
    LinkStream stream = streams.get(frame.stream());
    // It may have ended here while the frame was under way.
    return stream == null || stream.closed() || received(stream, type, frame.payload());
  }

  private boolean accept(LinkFrame frame) {
    int id = frame.stream();
    int length = frame.payload().remaining();
    if (id <= lastId || length > MAX_METHOD || streams.size() >= MAX_STREAMS) {
      return false;
    }
    lastId = id;
    String method = StandardCharsets.UTF_8.decode(frame.payload()).toString();
    LinkStream stream = new LinkStream(id, method, Epoch.NEVER, false);
    stream.markOpened();
    streams.put(id, stream);
    events.accept(new LinkEvent.Opened(stream, method));
    events.accept(new LinkEvent.Ready(stream));
    return true;
  }

  private boolean received(LinkStream stream, FrameType type, ByteBuffer payload) {
    return switch (type) {
      case DATA -> !stream.remoteIsFinished() && stream.received(payload) && deliver(stream);
      case CREDIT -> {
        if (payload.remaining() < Integer.BYTES) {
          yield false;
        }
        stream.granted(Integer.toUnsignedLong(payload.getInt()));
        line(stream);
        yield true;
      }
      case HALF_CLOSE -> {
        if (host || stream.remoteIsFinished()) {
          yield false;
        }
        stream.remoteFinished(null);
        yield deliver(stream);
      }
      case CLOSE -> {
        if (!host || stream.remoteIsFinished() || !payload.hasRemaining()) {
          yield false;
        }
        stream.remoteFinished(status(payload));
        yield deliver(stream);
      }
      case RESET -> {
        if (host) {
          yield false;
        }
        stream.close(Status.CANCELLED.withDescription("cancelled by the host"), events);
        forget(stream);
        yield true;
      }
      case HELLO, WELCOME, LOST, PING, PONG, OPEN -> true;
    };
  }

  private static Status status(ByteBuffer payload) {
    Status status = Status.fromCodeValue(payload.get());
    payload.limit(Math.min(payload.limit(), payload.position() + MAX_DESCRIPTION));
    String description = StandardCharsets.UTF_8.decode(payload).toString();
    return description.isEmpty() ? status : status.withDescription(description);
  }

  boolean hasOutgoing() {
    return up && !(urgent.isEmpty() && sending.isEmpty());
  }

  /** The next frame; {@code payload} has room for {@link LinkLimits#MAX_PAYLOAD}. */
  Optional<Outgoing> poll(ByteBuffer payload) {
    if (!up) {
      return Optional.empty();
    }
    while (!urgent.isEmpty()) {
      Optional<Outgoing> frame = control(urgent.removeFirst(), payload);
      if (frame.isPresent()) {
        return frame;
      }
    }
    return sending.isEmpty() ? Optional.empty() : Optional.of(data(sending.removeFirst(), payload));
  }

  private Optional<Outgoing> control(LinkStream stream, ByteBuffer payload) {
    if (stream.resetDue()) {
      forget(stream);
      return Optional.of(new Outgoing(FrameType.RESET, stream.id()));
    }
    if (!stream.opened()) {
      stream.markOpened();
      line(stream);
      payload.put(stream.method().getBytes(StandardCharsets.UTF_8));
      return Optional.of(new Outgoing(FrameType.OPEN, stream.id()));
    }
    if (stream.grantDue()) {
      payload.putInt(stream.takeGrant());
      return Optional.of(new Outgoing(FrameType.CREDIT, stream.id()));
    }
    return Optional.empty();
  }

  private Outgoing data(LinkStream stream, ByteBuffer payload) {
    if (stream.hasData()) {
      if (stream.takeData(payload)) {
        events.accept(new LinkEvent.Ready(stream));
      }
      line(stream);
      return new Outgoing(FrameType.DATA, stream.id());
    }
    Status status = stream.takeFinish();
    if (status == null) {
      return new Outgoing(FrameType.HALF_CLOSE, stream.id());
    }
    byte[] description =
        Optional.ofNullable(status.getDescription()).orElse("").getBytes(StandardCharsets.UTF_8);
    payload.put((byte) status.getCode().value());
    payload.put(description, 0, Math.min(description.length, MAX_DESCRIPTION));
    stream.close(Status.OK, events);
    forget(stream);
    return new Outgoing(FrameType.CLOSE, stream.id());
  }
}
