package dev.orchard.exec.link;

import com.google.protobuf.ByteString;
import io.grpc.Status;

/** What the link has to say to the calls that run over it. */
sealed interface LinkEvent {
  LinkStream stream();

  /** Guest: the host calls a method. */
  record Opened(LinkStream stream, String method) implements LinkEvent {}

  /** There is room for messages, for the first time or again. */
  record Ready(LinkStream stream) implements LinkEvent {}

  record Message(LinkStream stream, ByteString bytes) implements LinkEvent {}

  /** Guest: the host sends no more messages. */
  record HalfClosed(LinkStream stream) implements LinkEvent {}

  /**
   * Last. At the host the call's outcome; at the guest OK if the call's status went out, else why
   * the call was cut off.
   */
  record Closed(LinkStream stream, Status status) implements LinkEvent {}
}
