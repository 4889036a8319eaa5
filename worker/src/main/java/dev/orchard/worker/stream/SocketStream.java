package dev.orchard.worker.stream;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.orchard.exec.socket.CloseCode;
import dev.orchard.exec.socket.MessageSocket;
import dev.orchard.exec.socket.Receiver;
import dev.orchard.exec.socket.Wire;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A stream that is a WebSocket. */
public final class SocketStream<Q extends MessageLite, A> implements MessageStream<Q>, Receiver {
  private final Parser<A> parser;
  private final StreamListener<A> listener;
  private final MessageSocket socket;

  /**
   * Over a socket that is opened later, and then started.
   *
   * @param ping how often the other side is pinged
   * @param silence of the other side, after which it is dead
   */
  public SocketStream(
      String name,
      Wire wire,
      Parser<A> parser,
      StreamListener<A> listener,
      Duration ping,
      Duration silence) {
    this.parser = parser;
    this.listener = listener;
    this.socket = new MessageSocket(name, wire, this, ping, silence);
  }

  /** What its reading thread tells, and how it is started. */
  public MessageSocket socket() {
    return socket;
  }

  @Override
  public boolean isReady() {
    return socket.isReady();
  }

  @Override
  public void send(Q message) {
    socket.send(message.toByteString());
  }

  @Override
  public void request(int messages) {
    socket.request(messages);
  }

  @Override
  public void complete() {
    socket.complete();
  }

  @Override
  public void cancel(String why) {
    socket.fail(CloseCode.GOING_AWAY, why);
  }

  @Override
  public void ready() {
    listener.ready();
  }

  @Override
  public void received(ByteString message) {
    A parsed;
    try {
      parsed = parser.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      socket.fail(CloseCode.POLICY, "a binary message is no message of ours");
      return;
    }
    listener.received(parsed);
  }

  @Override
  public void ended(@Nullable String failure) {
    listener.ended(failure);
  }
}
