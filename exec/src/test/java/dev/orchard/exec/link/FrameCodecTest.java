package dev.orchard.exec.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameCodecTest {
  private record Seen(long epoch, int sequence, FrameType type, int stream, String payload) {}

  private final FrameDecoder decoder = new FrameDecoder();
  private final List<Seen> seen = new ArrayList<>();

  @Test
  void theBytesOnTheWireAreThoseOfTheDocument() {
    assertThat(HexFormat.of().formatHex(encode(0x0102030405060708L, 2, FrameType.OPEN, 9, "m")))
        .isEqualTo("000db6dbd51801020304050607080101030206010103096d00");
  }

  @Test
  void framesComeBackHoweverTheBytesAreCut() {
    byte[] wire =
        concat(encode(1, 1, FrameType.DATA, 4, "hello"), encode(1, 2, FrameType.PING, 0, ""));
    for (byte b : wire) {
      feed(new byte[] {b});
    }
    feed(wire);
    Seen data = new Seen(1, 1, FrameType.DATA, 4, "hello");
    Seen ping = new Seen(1, 2, FrameType.PING, 0, "");
    assertThat(seen).containsExactly(data, ping, data, ping);
  }

  @Test
  void aFrameWithAnyByteAlteredIsDropped() {
    byte[] wire = encode(0x1122334455667788L, 3, FrameType.DATA, 4, "payload");
    for (int at = 1; at < wire.length - 1; at++) {
      byte[] altered = wire.clone();
      altered[at] ^= 0x40;
      feed(altered);
    }
    assertThat(seen).isEmpty();
    feed(wire);
    assertThat(seen).hasSize(1);
  }

  @Test
  void aFrameBehindHalfAFrameIsHeard() {
    byte[] wire = encode(1, 1, FrameType.DATA, 4, "hello");
    feed(Arrays.copyOf(wire, wire.length / 2));
    feed(wire);
    assertThat(seen).hasSize(1);
  }

  @Test
  void noiseWithoutADelimiterCostsNoMemoryAndEndsWithTheNextFrame() {
    byte[] noise = new byte[1 << 20];
    Arrays.fill(noise, (byte) 0x55);
    feed(noise);
    feed(encode(1, 1, FrameType.DATA, 4, "hello"));
    assertThat(seen).hasSize(1);
  }

  @Test
  void theLargestFrameFits() {
    byte[] payload = new byte[LinkLimits.MAX_PAYLOAD];
    for (int fill = 0; fill < 2; fill++) {
      Arrays.fill(payload, (byte) fill);
      FrameEncoder encoder = new FrameEncoder();
      encoder.payload().put(payload);
      byte[] wire = new byte[LinkFrame.MAX_ENCODED];
      int length = encoder.encode(-1, -1, FrameType.DATA, -1, wire, 0);
      ByteBuffer[] got = new ByteBuffer[1];
      decoder.feed(wire, 0, length, frame -> got[0] = frame.payload());
      assertThat(got[0]).isEqualTo(ByteBuffer.wrap(payload));
    }
  }

  @Test
  void randomBytesNeverThrow() {
    Random random = new Random(11);
    byte[] noise = new byte[4096];
    for (int round = 0; round < 1_000; round++) {
      random.nextBytes(noise);
      feed(noise);
    }
    assertThat(seen).isEmpty();
  }

  private void feed(byte[] bytes) {
    decoder.feed(
        bytes,
        0,
        bytes.length,
        frame ->
            seen.add(
                new Seen(
                    frame.epoch(),
                    frame.sequence(),
                    frame.type().orElseThrow(),
                    frame.stream(),
                    UTF_8.decode(frame.payload()).toString())));
  }

  private static byte[] encode(long epoch, int sequence, FrameType type, int stream, String text) {
    FrameEncoder encoder = new FrameEncoder();
    encoder.payload().put(text.getBytes(UTF_8));
    byte[] wire = new byte[LinkFrame.MAX_ENCODED];
    return Arrays.copyOf(wire, encoder.encode(epoch, sequence, type, stream, wire, 0));
  }

  private static byte[] concat(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }
}
