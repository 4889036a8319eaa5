package dev.orchard.exec.frame;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundTripTest {
  private static final int FRAMES = 2_000;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void jsonGivesBackEachFrame(long seed) {
    each(
        seed,
        frame -> {
          byte[] json = JsonFrames.encode(frame);
          assertThat(json.length).isLessThanOrEqualTo(JsonFrames.MAX_BYTES);
          assertThat(json).endsWith('\n').containsOnlyOnce('\n');
          return JsonFrames.decode(json);
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void protobufGivesBackEachFrame(long seed) {
    each(
        seed,
        frame -> {
          byte[] message = ProtoFrames.encode(frame).toByteArray();
          try {
            return ProtoFrames.decode(dev.orchard.proto.frame.v1.Frame.parseFrom(message));
          } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void eachDirectionTakesItsOwnFrames(long seed) {
    each(
        seed,
        frame ->
            switch (frame) {
              case Frame.In in -> JsonFrames.decodeIn(JsonFrames.encode(in));
              case Frame.Out out -> JsonFrames.decodeOut(JsonFrames.encode(out));
            });
  }

  private static void each(long seed, UnaryOperator<Frame> thereAndBack) {
    Frames frames = new Frames(new SplittableRandom(seed));
    for (int i = 0; i < FRAMES; i++) {
      Frame frame = frames.next();
      assertThat(thereAndBack.apply(frame)).as("frame %d of seed %d", i, seed).isEqualTo(frame);
    }
  }
}
