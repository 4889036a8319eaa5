package dev.orchard.it;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** WebSocket messages that are wrong in some way, of the message or of the frames it travels in. */
final class MalformedFrames {
  private static final int CONTINUATION = 0;
  private static final int TEXT = 1;
  private static final int BINARY = 2;
  private static final int FIN = 0x80;

  private static final List<String> WRONG =
      List.of(
          "",
          "null",
          "[]",
          "{}",
          "{\"event\":1}",
          "{\"event\":\"exit\",\"reason\":\"Exited\",\"code\":0}",
          "{\"event\":\"stdin\",\"offset\":-1,\"data\":\"eA==\"}",
          "{\"event\":\"stdin\",\"offset\":9223372036854775807,\"data\":\"eA==\"}",
          "{\"event\":\"stdin\",\"offset\":9223372036854775808,\"data\":\"eA==\"}",
          "{\"event\":\"stdin\",\"offset\":1e99,\"data\":\"eA==\"}",
          "{\"event\":\"stdin\",\"offset\":0,\"data\":\"====\"}",
          "{\"event\":\"stdin\",\"offset\":\"0\",\"data\":\"eA==\"}",
          "{\"event\":\"stdin\",\"event\":\"stdin\"}",
          "{\"event\":\"resize\",\"rows\":65536,\"cols\":1}",
          "{\"event\":\"signal\",\"signal\":\"KILL\\u0000\"}",
          "[".repeat(9_000),
          "{\"a\":".repeat(3_000),
          "{\"event\":\"heartbeat\",\"x\":" + "9".repeat(5_000) + "}");

  private final Random random;

  MalformedFrames(Random random) {
    this.random = random;
  }

  /** The bytes of the next one, as a client's. */
  byte[] next() {
    return switch (random.nextInt(10)) {
      case 0 -> frame(FIN | TEXT, flipped(valid()));
      case 1 -> frame(FIN | TEXT, truncated(valid()));
      case 2, 3 -> frame(FIN | TEXT, utf8(WRONG.get(random.nextInt(WRONG.size()))));
      case 4 -> frame(FIN | BINARY, bytes(random.nextInt(200)));
      case 5 -> frame(random.nextBoolean() ? TEXT : CONTINUATION, truncated(valid()));
      case 6 -> frame(FIN | CONTINUATION, bytes(random.nextInt(200)));
      case 7 -> frame(FIN | TEXT, bytes(random.nextInt(40_000)));
      case 8 -> lying();
      default -> frame(random.nextInt(256), bytes(random.nextInt(140)));
    };
  }

  private byte[] valid() {
    return JsonFrames.encode(
        new Frame.Stdin(
            random.nextInt(1 << 20), ByteString.copyFrom(bytes(1 + random.nextInt(100))), false));
  }

  private byte[] flipped(byte[] bytes) {
    for (int i = 0; i <= random.nextInt(4); i++) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  private byte[] truncated(byte[] bytes) {
    return Arrays.copyOf(bytes, random.nextInt(bytes.length));
  }

  /** A head that promises what does not come: up to 2^63 bytes, or without a mask. */
  private byte[] lying() {
    ByteBuffer head = ByteBuffer.allocate(14);
    head.put((byte) (FIN | TEXT)).put((byte) (random.nextBoolean() ? 0xff : 0x7f));
    head.putLong(random.nextBoolean() ? Long.MIN_VALUE : 1L << random.nextInt(21, 63));
    return head.putInt(random.nextInt()).array();
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private byte[] frame(int head, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(head);
    if (payload.length < 126) {
      frame.write(0x80 | payload.length);
    } else {
      frame.write(0x80 | 126);
      frame.write(payload.length >> 8);
      frame.write(payload.length);
    }
    byte[] mask = bytes(4);
    frame.writeBytes(mask);
    for (int i = 0; i < payload.length; i++) {
      frame.write(payload[i] ^ mask[i % 4]);
    }
    return frame.toByteArray();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
