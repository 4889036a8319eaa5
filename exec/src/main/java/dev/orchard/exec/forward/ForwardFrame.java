package dev.orchard.exec.forward;

import com.google.protobuf.ByteString;
import dev.orchard.proto.forward.v1.FailureCode;

/** One step of a forwarded TCP connection, checked: {@code orchard/forward/v1}. */
public sealed interface ForwardFrame {
  /** Bytes in one frame. */
  int MAX_DATA = 24_000;

  /** Characters of a failure's message; the rest is cut off. */
  int MAX_MESSAGE = 1_024;

  /** From the guest, first: the connection is there. */
  record Opened() implements ForwardFrame {}

  /** From the guest, last: there is no connection, or it broke. */
  record Failed(FailureCode code, String message) implements ForwardFrame {
    public Failed {
      message = message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) : message;
    }
  }

  /** What one side sends; never empty. */
  record Data(ByteString bytes) implements ForwardFrame {
    public Data {
      if (bytes.isEmpty() || bytes.size() > MAX_DATA) {
        throw new IllegalArgumentException(
            "data: %d bytes, not 1 to %d".formatted(bytes.size(), MAX_DATA));
      }
    }
  }

  /** No data follows from this side. */
  record HalfClose() implements ForwardFrame {}

  default dev.orchard.proto.forward.v1.ForwardFrame encode() {
    dev.orchard.proto.forward.v1.ForwardFrame.Builder frame =
        dev.orchard.proto.forward.v1.ForwardFrame.newBuilder();
    switch (this) {
      case Opened() -> frame.setOpened(dev.orchard.proto.forward.v1.Opened.getDefaultInstance());
      case Failed(FailureCode code, String message) ->
          frame.setFailed(
              dev.orchard.proto.forward.v1.Failed.newBuilder().setCode(code).setMessage(message));
      case Data(ByteString bytes) -> frame.setData(bytes);
      case HalfClose() ->
          frame.setHalfClose(dev.orchard.proto.forward.v1.HalfClose.getDefaultInstance());
    }
    return frame.build();
  }

  /**
   * The frame that a message is.
   *
   * @throws IllegalArgumentException for what the schema does not allow, or this version does not
   *     know
   */
  static ForwardFrame decode(dev.orchard.proto.forward.v1.ForwardFrame message) {
    return switch (message.getEventCase()) {
      case OPENED -> new Opened();
      case FAILED -> new Failed(message.getFailed().getCode(), message.getFailed().getMessage());
      case DATA -> new Data(message.getData());
      case HALF_CLOSE -> new HalfClose();
      case EVENT_NOT_SET ->
          throw new IllegalArgumentException("frame: none that this version knows");
    };
  }
}
