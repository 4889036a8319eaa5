package dev.orchard.exec.frame;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextModeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Frame.Exit EXIT =
      Frame.Exit.withoutProcess(null, ExitReason.CANCELLED, "enough");

  private final TextMode mode = new TextMode();

  private record Shown(String event, String text, long offset) {}

  @Test
  void everySplitOfMultiByteTextShowsTheSameTextAtTrueOffsets() {
    byte[] bytes = "aé€🌳\u0000\nz".getBytes(UTF_8);
    for (int cuts = 0; cuts < 1 << (bytes.length - 1); cuts++) {
      TextMode each = new TextMode();
      List<Shown> shown = new ArrayList<>();
      int start = 0;
      for (int end = 1; end <= bytes.length; end++) {
        if (end == bytes.length || (cuts & 1 << (end - 1)) != 0) {
          ByteString data = ByteString.copyFrom(bytes, start, end - start);
          shown.addAll(show(each, new Frame.Output(StdStream.STDOUT, start, data)));
          start = end;
        }
      }
      shown.addAll(show(each, EXIT));

      long offset = 0;
      for (Shown text : shown.subList(0, shown.size() - 1)) {
        assertThat(text.offset()).as("cuts %x", cuts).isEqualTo(offset);
        offset += text.text().getBytes(UTF_8).length;
      }
      assertThat(offset).isEqualTo(bytes.length);
      assertThat(shown.getLast().event()).isEqualTo("exit");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyBytesAreDecodedAsIfTheyHadComeAtOnce(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int run = 0; run < 300; run++) {
      TextMode each = new TextMode();
      Map<StdStream, ByteString> written = new EnumMap<>(StdStream.class);
      Map<String, String> texts = new HashMap<>();
      List<Shown> shown = new ArrayList<>();
      long offset = 0;
      for (int i = 0; i < 40; i++) {
        StdStream stream = random.nextBoolean() ? StdStream.STDOUT : StdStream.STDERR;
        ByteString data = likelyUtf8(random);
        written.merge(stream, data, ByteString::concat);
        shown.addAll(show(each, new Frame.Output(stream, offset, data)));
        offset += data.size();
      }
      shown.addAll(show(each, EXIT));
      shown.forEach(text -> texts.merge(text.event(), text.text(), String::concat));
      written.forEach((stream, bytes) ->
          assertThat(texts.get(JsonFrames.name(stream)))
              .as("%s of seed %d", stream, seed)
              .isEqualTo(bytes.toString(UTF_8)));
    }
  }

  /** Parts of characters in likely and unlikely order. */
  private static ByteString likelyUtf8(SplittableRandom random) {
    byte[] leads = {
      'a', (byte) 0xC3, (byte) 0xE2, (byte) 0xF0, (byte) 0xED, (byte) 0xF4, (byte) 0xFF
    };
    byte[] bytes = new byte[1 + random.nextInt(6)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] =
          random.nextInt(3) == 0
              ? leads[random.nextInt(leads.length)]
              : (byte) (0x80 + random.nextInt(0x40));
    }
    return ByteString.copyFrom(bytes);
  }

  @Test
  void aCharacterWaitsForItsRestWhileTheOtherStreamGoesOn() {
    assertThat(show(out(StdStream.STDOUT, 0, 'a', 0xC3)))
        .containsExactly(new Shown("stdout", "a", 0));
    assertThat(show(out(StdStream.STDERR, 2, 'e'))).containsExactly(new Shown("stderr", "e", 2));
    assertThat(show(out(StdStream.STDOUT, 3, 0xA9, 'b')))
        .containsExactly(new Shown("stdout", "éb", 1));
    assertThat(show(out(StdStream.STDOUT, 5, 'c'))).containsExactly(new Shown("stdout", "c", 5));
  }

  @Test
  void whatWaitsIsShownBeforeAGapAndBeforeTheExit() {
    show(out(StdStream.STDERR, 7, 0xE2, 0x82));
    assertThat(show(new Frame.Gap(9, 20)))
        .containsExactly(new Shown("stderr", "\uFFFD", 7), new Shown("gap", "", 0));
    show(out(StdStream.STDOUT, 20, 0xF0));
    assertThat(show(EXIT))
        .containsExactly(new Shown("stdout", "\uFFFD", 20), new Shown("exit", "", 0));
  }

  @Test
  void otherFramesPassAndLeaveWhatWaits() {
    show(out(StdStream.STDOUT, 0, 0xC3));
    Frame.Heartbeat heartbeat = new Frame.Heartbeat("");
    assertThat(mode.encode(heartbeat)).containsExactly(JsonFrames.encode(heartbeat));
    assertThat(show(out(StdStream.STDOUT, 1, 0xA9))).containsExactly(new Shown("stdout", "é", 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 'a', 0xFF, '"'})
  void noLineIsLongerThanAFramesJsonMayBe(int value) {
    byte[] bytes = new byte[Frame.MAX_DATA];
    Arrays.fill(bytes, (byte) value);
    List<byte[]> lines =
        mode.encode(new Frame.Output(StdStream.STDOUT, 1L << 60, ByteString.copyFrom(bytes)));
    assertThat(lines)
        .allSatisfy(line -> assertThat(line.length).isLessThanOrEqualTo(JsonFrames.MAX_BYTES));
    assertThat(lines.stream().mapToInt(line -> shown(line).text().length()).sum())
        .isEqualTo(bytes.length);
    assertThat(shown(lines.get(1)).offset()).isEqualTo((1L << 60) + TextMode.MAX_CHARACTERS);
  }

  private static Frame.Output out(StdStream stream, long offset, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new Frame.Output(stream, offset, ByteString.copyFrom(bytes));
  }

  private List<Shown> show(Frame.Out frame) {
    return show(mode, frame);
  }

  private static List<Shown> show(TextMode mode, Frame.Out frame) {
    return mode.encode(frame).stream().map(TextModeTest::shown).toList();
  }

  private static Shown shown(byte[] line) {
    try {
      JsonNode json = JSON.readTree(line);
      return new Shown(
          json.path("event").asText(), json.path("text").asText(), json.path("offset").asLong());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
