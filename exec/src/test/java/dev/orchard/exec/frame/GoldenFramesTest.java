package dev.orchard.exec.frame;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files are what has shipped: a change of theirs breaks clients. */
class GoldenFramesTest {
  private static final String BOOT = "8c5e1d9a-3f0b-4a56-9d8e-2f4f0a1b2c3d";
  private static final ByteString HELLO =
      digest("98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4");
  private static final ByteString NOTHING =
      digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

  record Golden(String file, Frame frame) {
    @Override
    public String toString() {
      return file;
    }
  }

  static Stream<Golden> goldens() {
    return Stream.of(
        new Golden("started", new Frame.Started("build-x7k2p", 412, BOOT, "eyJhIjoxfQ.c2ln")),
        new Golden("started-by-agent", new Frame.Started("", 412, "", "")),
        new Golden("stdout", new Frame.Output(StdStream.STDOUT, 0, utf8("hi\n"))),
        new Golden("stderr", new Frame.Output(StdStream.STDERR, 3, bytes(0, 0xFF, 0xC3))),
        new Golden("gap", new Frame.Gap(0, 8_388_608)),
        new Golden("ack", new Frame.Ack(24_000)),
        new Golden("heartbeat", new Frame.Heartbeat("")),
        new Golden("heartbeat-ticket", new Frame.Heartbeat("eyJhIjoyfQ.c2ln")),
        new Golden(
            "exit",
            new Frame.Exit(
                0, null, ExitReason.EXITED, 3, 0, HELLO, NOTHING, false, millis(12), null)),
        new Golden(
            "exit-signaled",
            new Frame.Exit(
                null,
                "KILL",
                ExitReason.SIGNALED,
                3,
                0,
                HELLO,
                NOTHING,
                true,
                millis(61_005),
                null)),
        new Golden(
            "exit-start-failed",
            Frame.Exit.withoutProcess(
                127, ExitReason.START_FAILED, "/bin/nope: no such file or directory")),
        new Golden(
            "exit-lost", Frame.Exit.lost(3, 0, millis(900), "the VM was restarted: \"boot\"")),
        new Golden("error", new Frame.Failure(ErrorCode.DRAINING, "replica c-1 is going away")),
        new Golden("error-ahead", Frame.Failure.aheadOfLog(10, 3)),
        new Golden("stdin", new Frame.Stdin(5, utf8("ls\n"), false)),
        new Golden("stdin-eof", new Frame.Stdin(8, ByteString.EMPTY, true)),
        new Golden("resize", new Frame.Resize(24, 80)),
        new Golden("signal", new Frame.Signal("TERM")),
        new Golden("detach", new Frame.Detach()));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void jsonIsAsItHasShipped(Golden golden) throws IOException {
    byte[] shipped = resource(golden.file() + ".json");
    assertThat(JsonFrames.encode(golden.frame()))
        .asString(UTF_8)
        .isEqualTo(new String(shipped, UTF_8));
    assertThat(JsonFrames.decode(shipped)).isEqualTo(golden.frame());
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void protobufIsAsItHasShipped(Golden golden) throws IOException {
    byte[] shipped = resource(golden.file() + ".binpb");
    assertThat(ProtoFrames.encode(golden.frame()).toByteArray()).isEqualTo(shipped);
    assertThat(ProtoFrames.decode(dev.orchard.proto.frame.v1.Frame.parseFrom(shipped)))
        .isEqualTo(golden.frame());
  }

  @Test
  void everyEventHasAFile() {
    Set<Class<?>> events =
        Stream.of(Frame.Out.class, Frame.In.class)
            .flatMap(way -> Stream.of(way.getPermittedSubclasses()))
            .collect(Collectors.toSet());
    assertThat(goldens().map(golden -> golden.frame().getClass()).collect(Collectors.toSet()))
        .isEqualTo(events);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream file = GoldenFramesTest.class.getResourceAsStream("/frames/" + name)) {
      return Objects.requireNonNull(file, name).readAllBytes();
    }
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static ByteString bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return ByteString.copyFrom(bytes);
  }

  private static ByteString digest(String hex) {
    return ByteString.fromHex(hex);
  }

  private static Duration millis(long millis) {
    return Duration.ofMillis(millis);
  }
}
