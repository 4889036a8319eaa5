package dev.orchard.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.session.RemoteCommandCodec.Streams;
import dev.orchard.controller.session.RemoteCommandCodec.Version;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RemoteCommandCodecTest {
  private static final Streams ALL = new Streams(true, true, true, false);
  private static final Streams TTY = new Streams(true, true, false, true);

  private final RemoteCommandCodec codec = new RemoteCommandCodec(Version.V5, ALL);

  private static ByteString message(int channel, String data) {
    return ByteString.copyFrom(new byte[] {(byte) channel}).concat(ByteString.copyFromUtf8(data));
  }

  private static ByteString halfClose(int channel) {
    return ByteString.copyFrom(new byte[] {(byte) 255, (byte) channel});
  }

  private static SocketCodec.Message sent(int channel, String data) {
    return new SocketCodec.Binary(message(channel, data));
  }

  private static JsonNode status(List<SocketCodec.Message> messages) throws Exception {
    assertThat(messages).hasSize(1);
    ByteString data = ((SocketCodec.Binary) messages.getFirst()).data();
    assertThat(data.byteAt(0)).isEqualTo((byte) 3);
    return new ObjectMapper().readTree(data.substring(1).toByteArray());
  }

  private static Frame.Exit exit(
      ExitReason reason, @Nullable Integer code, @Nullable String signal) {
    return new Frame.Exit(
        code, signal, reason, 0, 0, null, null, false, Duration.ofSeconds(1), "our words");
  }

  private static Frame.Stdin stdin(long offset, String data, boolean eof) {
    return new Frame.Stdin(offset, ByteString.copyFromUtf8(data), eof);
  }

  @Test
  void greetsOnTheLowestChannelThatIsWanted() {
    assertThat(codec.due()).containsExactly(sent(1, ""));
    assertThat(codec.due()).isEmpty();
    assertThat(new RemoteCommandCodec(Version.V4, new Streams(true, false, true, false)).due())
        .containsExactly(sent(2, ""));
    assertThat(new RemoteCommandCodec(Version.V4, new Streams(true, false, false, false)).due())
        .containsExactly(sent(3, ""));
  }

  @Test
  void sendsWhatIsWantedAndNothingElse() {
    Frame.Output stderr = new Frame.Output(StdStream.STDERR, 2, ByteString.copyFromUtf8("oops"));
    assertThat(codec.encode(Fixture.stdout(0, "hi"))).containsExactly(sent(1, "hi"));
    assertThat(codec.encode(stderr)).containsExactly(sent(2, "oops"));
    assertThat(codec.encode(new Frame.Heartbeat(""))).isEmpty();
    assertThat(codec.encode(Fixture.started("s"))).isEmpty();
    RemoteCommandCodec deaf =
        new RemoteCommandCodec(Version.V5, new Streams(true, false, false, false));
    assertThat(deaf.encode(Fixture.stdout(0, "hi"))).isEmpty();
    assertThat(deaf.encode(stderr)).isEmpty();
  }

  @Test
  void countsTheBytesOfStdinAndEndsItOnce() {
    assertThat(codec.binary(message(0, "ab"), true))
        .isEqualTo(SocketCodec.Pass.of(stdin(0, "ab", false)));
    assertThat(codec.binary(message(0, "c"), true))
        .isEqualTo(SocketCodec.Pass.of(stdin(2, "c", false)));
    assertThat(codec.binary(halfClose(1), true)).isEqualTo(SocketCodec.Pass.NOTHING);
    assertThat(codec.binary(halfClose(0), true)).isEqualTo(SocketCodec.Pass.of(stdin(3, "", true)));
    assertThat(codec.binary(halfClose(0), true)).isEqualTo(SocketCodec.Pass.NOTHING);
    assertThat(codec.binary(message(0, "late"), true)).isEqualTo(SocketCodec.Pass.NOTHING);
  }

  @Test
  void takesTextForTheBytesThatItIs() {
    assertThat(codec.text("\0\u00fc")).isEqualTo(SocketCodec.Pass.of(stdin(0, "\u00fc", false)));
    assertThat(codec.text("\0x")).isEqualTo(SocketCodec.Pass.of(stdin(2, "x", false)));
  }

  @Test
  void takesOneMessageInFragmentsOfAnySize() {
    List<Frame.In> frames = new ArrayList<>();
    String large = "x".repeat(100_000);
    for (SocketCodec.Reaction reaction :
        List.of(
            codec.binary(message(0, large), false),
            codec.binary(ByteString.EMPTY, false),
            codec.binary(ByteString.copyFromUtf8(large), false),
            codec.binary(ByteString.copyFromUtf8("y"), true))) {
      frames.addAll(((SocketCodec.Pass) reaction).frames());
    }
    ByteString all = ByteString.EMPTY;
    for (Frame.In frame : frames) {
      assertThat(((Frame.Stdin) frame).offset()).isEqualTo(all.size());
      all = all.concat(((Frame.Stdin) frame).data());
    }
    assertThat(all.toStringUtf8()).isEqualTo(large + large + "y");
  }

  @Test
  void hasNoHalfCloseInTheOlderVersion() {
    RemoteCommandCodec older = new RemoteCommandCodec(Version.V4, ALL);
    assertThat(older.binary(halfClose(0), true)).isEqualTo(SocketCodec.Pass.NOTHING);
  }

  @Test
  void takesNoStdinThatWasNotAskedFor() {
    RemoteCommandCodec reader =
        new RemoteCommandCodec(Version.V5, new Streams(false, true, true, false));
    assertThat(reader.binary(message(0, "x"), true)).isEqualTo(SocketCodec.Pass.NOTHING);
    assertThat(reader.binary(halfClose(0), true)).isEqualTo(SocketCodec.Pass.NOTHING);
  }

  @Test
  void passesSizesOfATerminalOn() {
    RemoteCommandCodec terminal = new RemoteCommandCodec(Version.V5, TTY);
    assertThat(terminal.binary(message(4, "{\"Width\":120,\"Height\":40}\n"), true))
        .isEqualTo(SocketCodec.Pass.of(new Frame.Resize(40, 120)));
    assertThat(terminal.binary(message(4, "{\"Width\":0,\"Height\":0}"), true))
        .isEqualTo(SocketCodec.Pass.NOTHING);
    assertThat(terminal.binary(message(4, "{\"Width\":70000,\"Height\":1}"), true))
        .isEqualTo(SocketCodec.Pass.NOTHING);
    assertThat(codec.binary(message(4, "{\"Width\":120,\"Height\":40}"), true))
        .isEqualTo(SocketCodec.Pass.NOTHING);
  }

  @Test
  void endsASocketThatSendsNonsense() {
    RemoteCommandCodec terminal = new RemoteCommandCodec(Version.V5, TTY);
    assertThat(terminal.binary(message(4, "{"), true)).isInstanceOf(SocketCodec.Close.class);
    assertThat(codec.binary(message(4, "x".repeat(2_000)), true))
        .isInstanceOf(SocketCodec.Close.class);
    assertThat(codec.tooLong()).isInstanceOf(SocketCodec.Close.class);
    assertThat(new RemoteCommandCodec(Version.V5, ALL).binary(ByteString.EMPTY, true))
        .isEqualTo(SocketCodec.Pass.NOTHING);
    assertThat(new RemoteCommandCodec(Version.V5, ALL).binary(message(77, "x"), true))
        .isEqualTo(SocketCodec.Pass.NOTHING);
  }

  @Test
  void callsCodeZeroASuccess() throws Exception {
    JsonNode status = status(codec.encode(Fixture.exited(0, 0)));
    assertThat(status.path("kind").asText()).isEqualTo("Status");
    assertThat(status.path("status").asText()).isEqualTo("Success");
    assertThat(codec.end(Fixture.exited(0, 0)))
        .contains(new SocketCodec.Close(SocketCodec.Close.NORMAL, ""));
  }

  @Test
  void carriesTheExitCodeAsKubernetesDoes() throws Exception {
    JsonNode status = status(codec.encode(exit(ExitReason.EXITED, 3, null)));
    assertThat(status.path("status").asText()).isEqualTo("Failure");
    assertThat(status.path("reason").asText()).isEqualTo("NonZeroExitCode");
    assertThat(status.at("/details/causes/0/reason").asText()).isEqualTo("ExitCode");
    assertThat(status.at("/details/causes/0/message").asText()).isEqualTo("3");
  }

  @Test
  void countsSignalsFrom128() throws Exception {
    JsonNode status = status(codec.encode(exit(ExitReason.SIGNALED, null, "SEGV")));
    assertThat(status.at("/details/causes/0/message").asText()).isEqualTo("139");
    assertThat(
            status(codec.encode(exit(ExitReason.SIGNALED, null, "RTMIN+3")))
                .path("reason")
                .asText())
        .isEqualTo("InternalError");
  }

  @Test
  void givesTheGuestsCodeOfWhatCouldNotStart() throws Exception {
    JsonNode status = status(codec.encode(Fixture.notStarted(127, "no such file")));
    assertThat(status.at("/details/causes/0/message").asText()).isEqualTo("127");
    assertThat(status.path("message").asText()).contains("no such file");
    assertThat(
            status(
                    codec.encode(
                        Frame.Exit.withoutProcess(null, ExitReason.START_FAILED, "VM gone")))
                .path("reason")
                .asText())
        .isEqualTo("InternalError");
  }

  @ParameterizedTest
  @EnumSource(
      value = ExitReason.class,
      names = {"TIMED_OUT", "IDLE_TIMED_OUT", "CANCELLED", "OUTPUT_LIMIT"})
  void neverCallsWhatWasEndedASuccess(ExitReason reason) throws Exception {
    // The command has caught the signal, and ended well.
    JsonNode status = status(codec.encode(exit(reason, 0, null)));
    assertThat(status.path("status").asText()).isEqualTo("Failure");
    assertThat(status.path("message").asText()).contains(reason.word()).contains("our words");
  }

  @Test
  void neverCallsWhatIsLostASuccess() throws Exception {
    JsonNode status = status(codec.encode(Frame.Exit.lost(0, 0, Duration.ZERO, "rebooted")));
    assertThat(status.path("status").asText()).isEqualTo("Failure");
    assertThat(status.path("message").asText()).contains("Lost").contains("rebooted");
  }

  @Test
  void neverCallsAStreamThatFailsASuccess() throws Exception {
    Frame.Failure failure = new Frame.Failure(ErrorCode.WORKER_UNREACHABLE, "the worker is away");
    JsonNode status = status(codec.encode(failure));
    assertThat(status.path("status").asText()).isEqualTo("Failure");
    assertThat(status.path("message").asText()).contains("unknown").contains("the worker is away");
    // Regularly: clients read the Status only then.
    assertThat(codec.end(failure)).contains(new SocketCodec.Close(SocketCodec.Close.NORMAL, ""));
    SocketCodec.Close over = (SocketCodec.Close) codec.end(null).orElseThrow();
    assertThat(status(over.last()).path("status").asText()).isEqualTo("Failure");
  }

  @Test
  void callsACommandWhoseOutputIsNotWholeAFailure() throws Exception {
    assertThat(codec.encode(new Frame.Gap(5, 9))).isEmpty();
    JsonNode status = status(codec.encode(Fixture.exited(0, 20)));
    assertThat(status.path("status").asText()).isEqualTo("Failure");
    assertThat(status.path("message").asText()).contains("from 5 to before 9");
  }

  @Test
  void takesTheFirstSubprotocolOfTheClientThatItSpeaks() {
    assertThat(Version.of(List.of("v9.channel.k8s.io", "v4.channel.k8s.io", "v5.channel.k8s.io")))
        .contains(Version.V4);
    assertThat(Version.of(List.of("v3.channel.k8s.io", ""))).isEmpty();
    assertThat(Version.of(List.of())).isEmpty();
  }
}
