package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What a command in a VM does and shows, the same on every runtime. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class ExecScenarios {
  private static final int MIB = 1 << 20;

  protected final RuntimeChoice runtime;
  protected final String vm;
  private ExecClient client;

  @SuppressWarnings("NullAway.Init")
  ExecScenarios(RuntimeChoice runtime, String vm) {
    this.runtime = runtime;
    this.vm = vm;
  }

  @BeforeAll
  void createVm() throws IOException, InterruptedException {
    client = new ExecClient(system());
    client.createVm(vm);
    // The first exec waits for the VM.
    run("true");
  }

  /** Where the VM is. */
  protected DevSystem system() throws InterruptedException {
    return DevSystem.with(runtime);
  }

  private Frames run(String... command) throws IOException, InterruptedException {
    return new Frames(client.exec(vm, Map.of("command", List.of(command))));
  }

  private Frames shell(String script) throws IOException, InterruptedException {
    return run("sh", "-c", script);
  }

  @Test
  void streamsTheFramesOfARemoteEcho() throws Exception {
    Frames frames = run("/bin/echo", "hi");
    assertThat(frames.frames()).hasSize(3);
    assertThat(frames.frames().get(0))
        .isInstanceOfSatisfying(
            Frame.Started.class,
            started -> {
              assertThat(started.session()).startsWith(vm);
              assertThat(started.pid()).isPositive();
              assertThat(started.bootId()).isNotEmpty();
            });
    assertThat(frames.frames().get(1))
        .isEqualTo(new Frame.Output(StdStream.STDOUT, 0, ByteString.copyFromUtf8("hi\n")));
    Frame.Exit exit = frames.exit();
    assertThat(exit.code()).isZero();
    assertThat(exit.reason()).isEqualTo(ExitReason.EXITED);
    assertThat(exit.stdoutBytes()).isEqualTo(3);
    assertThat(exit.stderrBytes()).isZero();
    frames.areWhole();
  }

  @Test
  void keepsStderrApart() throws Exception {
    Frames frames = shell("echo out; echo err >&2");
    assertThat(frames.text(StdStream.STDOUT)).isEqualTo("out\n");
    assertThat(frames.text(StdStream.STDERR)).isEqualTo("err\n");
    frames.areWhole();
  }

  @Test
  void tellsTheExitCode() throws Exception {
    assertThat(shell("exit 7").exit().code()).isEqualTo(7);
  }

  @Test
  void tellsTheSignalThatEndedIt() throws Exception {
    Frame.Exit exit = shell("kill -KILL $$").exit();
    assertThat(exit.reason()).isEqualTo(ExitReason.SIGNALED);
    assertThat(exit.signal()).isEqualTo("KILL");
    assertThat(exit.code()).isNull();
  }

  @Test
  void sendsInlineStdinAndItsEnd() throws Exception {
    Frames frames =
        new Frames(client.exec(vm, Map.of("command", List.of("cat"), "stdin", "héllo\n")));
    assertThat(frames.text(StdStream.STDOUT)).isEqualTo("héllo\n");
  }

  @Test
  void halfClosesStdinAndStillReadsOutput() throws Exception {
    String session = client.start(vm, attached("sh", "-c", "cat; echo end"));
    try (ExecSocket socket = client.socket(session)) {
      socket.send(new Frame.Stdin(0, ByteString.copyFromUtf8("one\n"), false));
      socket.untilOutput("one\n");
      socket.send(new Frame.Stdin(4, ByteString.copyFromUtf8("two\n"), true));
      List<Frame.Out> rest = socket.until(Frame.Exit.class::isInstance);
      assertThat(new Frames(rest).text(StdStream.STDOUT)).isEqualTo("two\nend\n");
    }
  }

  @Test
  void takesSixteenMebibytesOfStdinOnce() throws Exception {
    byte[] data = new byte[16 * MIB];
    new Random(16).nextBytes(data);
    String session = client.start(vm, attached("sha256sum"));
    for (int offset = 0; offset < data.length; offset += MIB) {
      boolean last = offset + MIB == data.length;
      JsonNode ack =
          client.post(
              session + "/stdin?offset=" + offset + "&eof=" + last,
              BodyPublishers.ofByteArray(data, offset, MIB));
      assertThat(ack.path("stdinOffset").asLong()).isEqualTo(offset + MIB);
    }
    String digest =
        HexFormat.of().formatHex(Frames.sha256(ByteString.copyFrom(data)).toByteArray());
    assertThat(new Frames(client.read(session, "")).text(StdStream.STDOUT)).startsWith(digest);
  }

  @Test
  void streamsSixtyFourMebibytesByteForByte() throws Exception {
    Frames frames = shell("seq 1 9000000 | head -c " + 64 * MIB);
    frames.areWhole();
    assertThat(frames.bytes(StdStream.STDOUT)).isEqualTo(sequence(64 * MIB));
  }

  @Test
  void setsEnvironmentAndWorkingDirectory() throws Exception {
    Frames frames =
        new Frames(
            client.exec(
                vm,
                Map.of(
                    "command", List.of("sh", "-c", "echo \"$GREETING\"; pwd"),
                    "env", Map.of("GREETING", "a $b 'c'\nd"),
                    "workingDir", "/proc")));
    assertThat(frames.text(StdStream.STDOUT)).isEqualTo("a $b 'c'\nd\n/proc\n");
  }

  @Test
  void runsAsTheUserThatWasAskedFor() throws Exception {
    Frames frames =
        new Frames(client.exec(vm, Map.of("command", List.of("id", "-un"), "user", "nobody")));
    assertThat(frames.text(StdStream.STDOUT)).isEqualTo("nobody\n");
  }

  @Test
  void saysThatAProgramDoesNotExist() throws Exception {
    Frames frames = run("/no/such/program");
    assertThat(frames.frames()).hasSize(1);
    assertThat(frames.exit().reason()).isEqualTo(ExitReason.START_FAILED);
    assertThat(frames.exit().code()).isEqualTo(127);
    assertThat(frames.exit().message()).contains("/no/such/program");
  }

  @Test
  void resizesItsTerminal() throws Exception {
    String session =
        client.start(
            vm,
            Map.of(
                "command", List.of("sh", "-c", "stty size; read go; stty size"),
                "tty", Map.of("rows", 24, "cols", 80),
                "stdin", Map.of("type", "Attach")));
    try (ExecSocket socket = client.socket(session)) {
      socket.untilOutput("24 80");
      socket.send(new Frame.Resize(50, 132));
      socket.send(new Frame.Stdin(0, ByteString.copyFromUtf8("go\n"), false));
      socket.untilOutput("50 132");
      assertThat(new Frames(socket.until(Frame.Exit.class::isInstance)).exit().code()).isZero();
    }
  }

  @Test
  void endsACommandThatTakesTooLong() throws Exception {
    Frames frames =
        new Frames(
            client.exec(vm, Map.of("command", List.of("sleep", "600"), "timeoutSeconds", 1)));
    assertThat(frames.exit().reason()).isEqualTo(ExitReason.TIMED_OUT);
    assertThat(frames.exit().signal()).isEqualTo("TERM");
  }

  @Test
  void doesNotWaitForAChildInTheBackground() throws Exception {
    Frames frames = shell("sleep 600 & echo started");
    assertThat(frames.text(StdStream.STDOUT)).isEqualTo("started\n");
    assertThat(frames.exit().code()).isZero();
    assertThat(frames.exit().outputIncomplete()).isTrue();
  }

  @Test
  void showsTwoReadersTheSameBytes() throws Exception {
    String session = client.start(vm, detached("sh", "-c", "seq 1 200000; echo end >&2"));
    Frames first = new Frames(client.read(session, ""));
    Frames second = new Frames(client.read(session, ""));
    first.areWhole();
    for (StdStream stream : StdStream.values()) {
      assertThat(second.bytes(stream)).isEqualTo(first.bytes(stream));
    }
    assertThat(second.exit()).isEqualTo(first.exit());
  }

  @Test
  void resumesAtAnOffset() throws Exception {
    String session = client.start(vm, detached("seq", "1", "100000"));
    Frames whole = new Frames(client.read(session, ""));
    Frames rest = new Frames(client.read(session, "?from=12345"));
    rest.areWholeFrom(12_345);
    assertThat(rest.bytes(StdStream.STDOUT))
        .isEqualTo(whole.bytes(StdStream.STDOUT).substring(12_345));
  }

  @Test
  void doesNotSlowAReaderForOneThatStopped() throws Exception {
    String session = client.start(vm, detached("sh", "-c", "seq 1 9000000 | head -c " + 32 * MIB));
    try (InputStream stopped = client.open(session, "")) {
      assertThat(stopped.read()).isEqualTo('{');
      Frames frames = new Frames(client.read(session, ""));
      frames.areWhole();
      assertThat(frames.exit().stdoutBytes()).isEqualTo(32 * MIB);
    }
  }

  @Test
  void runsOnUnreadAndTellsItsOutcomeAfterwards() throws Exception {
    String session = client.start(vm, detached("sh", "-c", "sleep 1; echo late; exit 3"));
    Frames frames = new Frames(client.read(session, ""));
    assertThat(frames.text(StdStream.STDOUT)).isEqualTo("late\n");
    // The object is written a moment after the stream has told the outcome.
    await()
        .untilAsserted(() -> assertThat(metadata(session).at("/exit/code").asInt(-1)).isEqualTo(3));
    assertThat(metadata(session).path("state").asText()).isEqualTo("Failed");
  }

  private JsonNode metadata(String session) throws IOException, InterruptedException {
    return ExecClient.parse(
        client
            .send(
                client.request(session).header("Accept", "application/json").GET(),
                BodyHandlers.ofString())
            .body());
  }

  @Test
  void signalsTheProcessGroup() throws Exception {
    String session =
        client.start(
            vm,
            detached(
                "sh",
                "-c",
                "trap 'echo got; exit 9' USR1; echo ready; " + "while :; do sleep 0.1; done"));
    try (ExecSocket socket = client.socket(session)) {
      socket.untilOutput("ready");
      client.post(session + "/signal", ExecClient.json(Map.of("signal", "USR1")));
      Frames rest = new Frames(socket.until(Frame.Exit.class::isInstance));
      assertThat(rest.text(StdStream.STDOUT)).contains("got");
      assertThat(rest.exit().code()).isEqualTo(9);
    }
  }

  @Test
  void hasOneWriterUntilAnotherTakesOver() throws Exception {
    String session =
        client.start(
            vm,
            Map.of(
                "command", List.of("cat"),
                "stdin", Map.of("type", "Attach"),
                "disconnectPolicy", "Detach"));
    try (ExecSocket first = client.socket(session)) {
      first.until(Frame.Ack.class::isInstance);
      try (ExecSocket second = client.socket(session)) {
        assertThat(failure(second)).isEqualTo(ErrorCode.NOT_WRITER);
      }
      try (ExecSocket third = client.socket(session, "?interactive=true&takeover=true")) {
        third.until(Frame.Ack.class::isInstance);
        assertThat(failure(first)).isEqualTo(ErrorCode.NOT_WRITER);
        third.send(new Frame.Stdin(0, ByteString.copyFromUtf8("mine"), true));
        Frames frames = new Frames(third.until(Frame.Exit.class::isInstance));
        assertThat(frames.text(StdStream.STDOUT)).isEqualTo("mine");
      }
    }
  }

  private static ErrorCode failure(ExecSocket socket) throws InterruptedException {
    Frame.Out last = socket.until(Frame.Failure.class::isInstance).getLast();
    return ((Frame.Failure) last).code();
  }

  @Test
  void isReadAsServerSentEvents() throws Exception {
    String session = client.start(vm, detached("echo", "hi"));
    HttpResponse<String> events =
        client.send(
            client.request(session).header("Accept", "text/event-stream").GET(),
            BodyHandlers.ofString());
    assertThat(events.body())
        .contains(
            "event: stdout\nid: 3\ndata: {\"event\":\"stdout\",\"data\":\"aGkK\",\"offset\":0}\n\n")
        .contains("event: exit\nid: exit\n");
    assertThat(
            client
                .send(
                    client
                        .request(session)
                        .header("Accept", "text/event-stream")
                        .header("Last-Event-ID", "exit")
                        .GET(),
                    BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(204);
  }

  @Test
  void isCancelledAndItsObjectKept() throws Exception {
    String session = client.start(vm, detached("sleep", "600"));
    try (ExecSocket socket = client.socket(session)) {
      socket.until(Frame.Started.class::isInstance);
      client.post(session + "/detach", BodyPublishers.noBody());
      client.post(session + "/cancel", BodyPublishers.noBody());
      Frames rest = new Frames(socket.until(Frame.Exit.class::isInstance));
      assertThat(rest.exit().reason()).isEqualTo(ExitReason.CANCELLED);
    }
    await()
        .untilAsserted(() ->
            assertThat(
                    ExecClient.parse(
                            client
                                .send(
                                    client
                                        .request(session)
                                        .header("Accept", "application/json")
                                        .GET(),
                                    BodyHandlers.ofString())
                                .body())
                        .path("state")
                        .asText())
                .isEqualTo("Cancelled"));
  }

  @Test
  void isCancelledByDeletingIt() throws Exception {
    String session = client.start(vm, detached("sleep", "600"));
    try (ExecSocket socket = client.socket(session)) {
      socket.until(Frame.Started.class::isInstance);
      assertThat(
              client.send(client.request(session).DELETE(), BodyHandlers.ofString()).statusCode())
          .isBetween(200, 204);
      Frames rest = new Frames(socket.until(Frame.Exit.class::isInstance));
      assertThat(rest.exit().reason()).isEqualTo(ExitReason.CANCELLED);
    }
  }

  private static Map<String, Object> attached(String... command) {
    return Map.of("command", List.of(command), "stdin", Map.of("type", "Attach"));
  }

  private static Map<String, Object> detached(String... command) {
    return Map.of("command", List.of(command));
  }

  /** The first bytes of what {@code seq 1 …} prints. */
  private static ByteString sequence(int bytes) {
    StringBuilder text = new StringBuilder(bytes + 16);
    for (int i = 1; text.length() < bytes; i++) {
      text.append(i).append('\n');
    }
    return ByteString.copyFromUtf8(text.substring(0, bytes));
  }
}
