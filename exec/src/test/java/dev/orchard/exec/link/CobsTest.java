package dev.orchard.exec.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CobsTest {
  private final Random random = new Random(7);

  @Test
  void bringsBackWhatWasEncodedAndHoldsNoZero() {
    for (int round = 0; round < 5_000; round++) {
      byte[] data = bytes(random.nextInt(1200), random.nextInt(4));
      byte[] encoded = encode(data);
      assertThat(encoded).doesNotContain(0);
      int length = Cobs.decode(encoded, encoded.length);
      assertThat(Arrays.copyOf(encoded, length)).isEqualTo(data);
    }
  }

  @Test
  void encodesTheExamplesOfThePaper() {
    assertThat(encode(new byte[0])).containsExactly(1);
    assertThat(encode(new byte[] {0})).containsExactly(1, 1);
    assertThat(encode(new byte[] {0, 0})).containsExactly(1, 1, 1);
    assertThat(encode(new byte[] {0x11, 0x22, 0, 0x33})).containsExactly(3, 0x11, 0x22, 2, 0x33);
    assertThat(encode(new byte[] {0x11, 0, 0})).containsExactly(2, 0x11, 1, 1);
    assertThat(encode(bytes(254, 3))).hasSize(255).startsWith(0xff);
    assertThat(encode(bytes(255, 3))).hasSize(257);
  }

  @Test
  void refusesAGroupThatReachesBeyondTheEnd() {
    assertThat(Cobs.decode(new byte[] {5, 1, 2}, 3)).isEqualTo(-1);
    assertThat(Cobs.decode(new byte[] {2, 1, 0, 1}, 4)).isEqualTo(-1);
  }

  private static byte[] encode(byte[] data) {
    byte[] encoded = new byte[Cobs.maxEncoded(data.length)];
    return Arrays.copyOf(encoded, Cobs.encode(data, data.length, encoded, 0));
  }

  /** {@code kind}: 0 zeros only, 1 half zeros, 2 anything, 3 no zeros. */
  private byte[] bytes(int length, int kind) {
    byte[] data = new byte[length];
    random.nextBytes(data);
    for (int i = 0; i < length; i++) {
      if (kind == 0 || (kind == 1 && random.nextBoolean())) {
        data[i] = 0;
      } else if (kind == 3 && data[i] == 0) {
        data[i] = 1;
      }
    }
    return data;
  }
}
