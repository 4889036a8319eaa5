package dev.orchard.agent.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.orchard.agent.session.TestStream.Outcome;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.AgentSession;
import dev.orchard.proto.guest.v1.EnvVar;
import dev.orchard.proto.guest.v1.InfoRequest;
import dev.orchard.proto.guest.v1.RefusalCode;
import dev.orchard.proto.guest.v1.TtySize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestAgent.Carriage.class)
@SuppressWarnings("NullAway.Init")
class AgentServiceTest {
  @Parameter TestAgent.Carriage carriage;
  @TempDir Path folder;
  private TestAgent agent;

  @BeforeEach
  void start() throws IOException {
    agent = new TestAgent(carriage, folder);
  }

  @AfterEach
  void stop() throws Exception {
    agent.close();
  }

  @Test
  void runsACommandAndForgetsItWhenItsOutcomeIsStored() throws Exception {
    TestStream stream = agent.start(agent.command("s", "/bin/echo", "hi"));

    assertThat(stream.attached()).isZero();
    assertThat(stream.frame(Frame.Started.class).pid()).isPositive();
    assertThat(stream.frame())
        .isEqualTo(new Frame.Output(StdStream.STDOUT, 0, ByteString.copyFromUtf8("hi\n")));
    Frame.Exit exit = stream.frame(Frame.Exit.class);
    assertThat(exit.code()).isZero();
    assertThat(exit.reason()).isEqualTo(ExitReason.EXITED);
    assertThat(exit.stdoutBytes()).isEqualTo(3);
    assertThat(exit.stderrBytes()).isZero();
    assertThat(exit.stdoutSha256()).isEqualTo(sha256("hi\n".getBytes(StandardCharsets.UTF_8)));
    assertThat(exit.stderrSha256()).isEqualTo(sha256(new byte[0]));
    assertThat(exit.outputIncomplete()).isFalse();
    assertThat(agent.sessions()).containsExactly("s");

    stream.stored(3, true);

    assertThat(stream.closed().isOk()).isTrue();
    assertThat(agent.sessions()).isEmpty();
    assertThat(agent.start(agent.command("s", "/bin/echo", "hi")).refused().getCode())
        .isEqualTo(RefusalCode.FORGOTTEN_SESSION);
  }

  @Test
  void tellsWhoItIs() {
    assertThat(agent.blocking().info(InfoRequest.getDefaultInstance()).getInstance())
        .isEqualTo(agent.instance());
  }

  @Test
  void keepsStderrApartAndTellsTheCode() throws Exception {
    Outcome outcome = run("sh", "-c", "echo out; echo err >&2; exit 7");

    assertThat(outcome.exit().code()).isEqualTo(7);
    assertThat(outcome.text()).isEqualTo("out\n");
    assertThat(outcome.errorText()).isEqualTo("err\n");
  }

  @Test
  void hasEnvironmentAndWorkingDirectory() throws Exception {
    TestStream stream =
        agent.start(
            agent
                .command("s", "sh", "-c", "echo \"$GREETING\"; pwd")
                .addEnv(EnvVar.newBuilder().setName("GREETING").setValue("hallo, wörld"))
                .setWorkingDir(folder.toString()));
    stream.attached();

    assertThat(stream.finish().text()).isEqualTo("hallo, wörld\n" + folder + "\n");
  }

  @Test
  void runsAsAnotherUser() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root may");
    TestStream stream = agent.start(agent.command("s", "id", "-u").setUser("nobody"));
    stream.attached();

    assertThat(stream.finish().text()).isEqualTo("65534\n");
  }

  @Test
  void endsAStartThatFailedWithTheGuestsWords() throws Exception {
    Outcome missing = run("no-such-program");
    assertThat(missing.exit())
        .isEqualTo(
            Frame.Exit.withoutProcess(
                127, ExitReason.START_FAILED, "exec no-such-program: No such file or directory"));
    TestStream stream = agent.start(agent.command("t", "/etc/passwd"));
    stream.attached();
    assertThat(stream.frame())
        .isEqualTo(
            Frame.Exit.withoutProcess(
                126, ExitReason.START_FAILED, "exec /etc/passwd: Permission denied"));
  }

  @Test
  void tellsTheSignalThatEndedTheProcess() throws Exception {
    TestStream stream = agent.start(agent.command("s", "sleep", "1000"));
    stream.attached();
    stream.frame(Frame.Started.class);

    stream.send(new Frame.Signal("KILL"));

    Frame.Exit exit = stream.frame(Frame.Exit.class);
    assertThat(exit.code()).isNull();
    assertThat(exit.signal()).isEqualTo("KILL");
    assertThat(exit.reason()).isEqualTo(ExitReason.SIGNALED);
  }

  @Test
  void signalsTheChildrenToo() throws Exception {
    TestStream stream = agent.start(agent.command("s", "sh", "-c", "sleep 1000 & echo up; wait"));
    stream.attached();
    stream.until("up\n");

    stream.send(new Frame.Signal("TERM"));

    // Complete output means that the child, which held the pipes too, is gone.
    assertThat(stream.frame(Frame.Exit.class).outputIncomplete()).isFalse();
  }

  @Test
  void feedsStdinUntilItsPromisedEnd() throws Exception {
    TestStream stream = agent.start(agent.command("s", "cat").setStdin(true));
    assertThat(stream.attached()).isZero();
    stream.frame(Frame.Started.class);

    stream.stdin(0, "one ", false);
    assertThat(stream.frame()).isEqualTo(new Frame.Ack(4));
    assertThat(stream.until("one ")).isEqualTo("one ");
    stream.stdin(2, "e two", false);
    stream.stdin(7, "", true);

    Outcome outcome = stream.finish();
    assertThat(outcome.text()).isEqualTo("two");
    assertThat(outcome.exit().code()).isZero();
  }

  @Test
  void passesSixteenMebibytesOfStdin() throws Exception {
    byte[] bytes = new byte[16 << 20];
    new Random(1).nextBytes(bytes);
    TestStream stream = agent.start(agent.command("s", "sha256sum").setStdin(true));
    stream.attached();
    stream.frame(Frame.Started.class);

    int sent = 0;
    long taken = 0;
    while (taken < bytes.length) {
      while (sent < bytes.length && sent - taken + Frame.MAX_DATA <= AgentSession.STDIN_WINDOW) {
        int count = Math.min(Frame.MAX_DATA, bytes.length - sent);
        ByteString data = ByteString.copyFrom(bytes, sent, count);
        stream.send(new Frame.Stdin(sent, data, sent + count == bytes.length));
        sent += count;
      }
      taken = stream.frame(Frame.Ack.class).stdinOffset();
    }

    assertThat(stream.finish().text())
        .isEqualTo(HexFormat.of().formatHex(sha256(bytes).toByteArray()) + "  -\n");
  }

  @Test
  void throwsStdinAwayWhenNobodyReadsIt() throws Exception {
    TestStream stream =
        agent.start(
            agent.command("s", "sh", "-c", "exec <&-; echo closed; sleep 1000").setStdin(true));
    stream.attached();
    stream.until("closed\n");

    ByteString much = ByteString.copyFrom(new byte[Frame.MAX_DATA]);
    int window = AgentSession.STDIN_WINDOW / Frame.MAX_DATA;
    for (int i = 0; i < 2 * window; i++) {
      stream.send(new Frame.Stdin((long) i * Frame.MAX_DATA, much, false));
      if (i % window == window - 1) {
        long sent = (i + 1L) * Frame.MAX_DATA;
        Awaitility.await().until(() -> stream.frame(Frame.Ack.class).stdinOffset() == sent);
      }
    }
    stream.send(new Frame.Signal("KILL"));
    stream.frame(Frame.Exit.class);
  }

  @Test
  void bringsSixtyFourMebibytesToAWorkerThatStoresSlowly() throws Exception {
    long size = 64L << 20;
    TestStream stream = agent.start(agent.command("s", "sh", "-c", bytesOf(size)));
    stream.attached();
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    stream.frame(Frame.Started.class);

    long stored = 0;
    long end = 0;
    while (end < size) {
      Frame.Output output = stream.frame(Frame.Output.class);
      assertThat(output.offset()).isEqualTo(end);
      end = output.end();
      assertThat(end - stored).isLessThanOrEqualTo(AgentSession.BUFFER_BYTES + Frame.MAX_DATA);
      digest.update(output.data().toByteArray());
      if (end - stored >= AgentSession.BUFFER_BYTES || end == size) {
        stored = end;
        stream.stored(stored, false);
      }
    }

    Frame.Exit exit = stream.frame(Frame.Exit.class);
    assertThat(exit.stdoutBytes()).isEqualTo(size);
    assertThat(exit.stdoutSha256()).isEqualTo(ByteString.copyFrom(digest.digest()));
    assertThat(exit.stdoutSha256()).isEqualTo(sha256Of(bytesOf(size)));
  }

  @Test
  void letsTheProcessWaitWhenNothingIsStored() throws Exception {
    Path progress = folder.resolve("progress");
    String script =
        "for i in 1 2 3 4; do head -c 524288 /dev/zero; echo $i >> " + progress + "; done";
    TestStream stream = agent.start(agent.command("s", "sh", "-c", script));
    stream.attached();
    stream.frame(Frame.Started.class);
    long end = 0;
    while (end < AgentSession.BUFFER_BYTES) {
      end = stream.frame(Frame.Output.class).end();
    }

    // A second session is served meanwhile: nothing waits but the process.
    assertThat(run("echo", "other").text()).isEqualTo("other\n");
    assertThat(Files.readAllLines(progress)).hasSizeLessThan(4);
    stream.stored(end, false);

    Outcome outcome = stream.finish();
    assertThat(end + outcome.stdout().length).isEqualTo(4 * 524_288);
    assertThat(outcome.exit().outputIncomplete()).isFalse();
  }

  @Test
  void holdsNoMoreOfAllSessionsTogetherThanItsBudget() throws Exception {
    List<TestStream> streams = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      streams.add(agent.start(agent.command("s" + i, "head", "-c", "2000000", "/dev/zero")));
    }
    long held = 0;
    List<Long> ends = new ArrayList<>();
    for (TestStream stream : streams) {
      stream.attached();
      stream.frame(Frame.Started.class);
      long end = stream.frame(Frame.Output.class).end();
      while (stream.waiting()) {
        end = stream.frame(Frame.Output.class).end();
      }
      ends.add(end);
      held += end;
    }

    // Each session may be a frame beyond its share, once.
    assertThat(held).isLessThanOrEqualTo(TestAgent.OUTPUT_BUDGET + 12L * 2 * Frame.MAX_DATA);
    for (int i = 0; i < streams.size(); i++) {
      streams.get(i).stored(ends.get(i), false);
      Outcome outcome = streams.get(i).finish();
      assertThat(outcome.exit().stdoutBytes()).isEqualTo(2_000_000);
      assertThat(ends.get(i) + outcome.stdout().length).isEqualTo(2_000_000);
    }
  }

  @Test
  void doesNotWaitForABackgroundChildThatHoldsThePipes() throws Exception {
    TestStream stream = agent.start(agent.command("s", "sh", "-c", "sleep 1000 & echo $!"));
    stream.attached();

    Outcome outcome = stream.finish();

    assertThat(outcome.exit().code()).isZero();
    assertThat(outcome.exit().outputIncomplete()).isTrue();
    assertThat(outcome.exit().duration()).isLessThan(AgentSession.DRAIN);
    ProcessHandle.of(Long.parseLong(outcome.text().strip())).ifPresent(ProcessHandle::destroy);
  }

  @Test
  void hasATerminalOfTheSizeThatIsAskedFor() throws Exception {
    TestStream stream =
        agent.start(
            agent
                .command("s", "sh", "-c", "stty -echo; stty size; read line; stty size; tty >&2")
                .setTty(TtySize.newBuilder().setRows(24).setCols(80))
                .setStdin(true));
    stream.attached();
    assertThat(stream.until("24 80\r\n")).isEqualTo("24 80\r\n");

    stream.send(new Frame.Resize(50, 132));
    stream.stdin(0, "\n", false);

    Outcome outcome = stream.finish();
    assertThat(outcome.text()).startsWith("50 132\r\n/dev/pts/");
    assertThat(outcome.errorText()).isEmpty();
    assertThat(outcome.exit().code()).isZero();
    assertThat(outcome.exit().stderrBytes()).isZero();
  }

  @Test
  void interruptsByCtrlCOnATerminal() throws Exception {
    TestStream stream = agent.start(terminal("s", "sleep", "1000"));
    stream.attached();
    stream.frame(Frame.Started.class);

    stream.stdin(0, "\u0003", false);

    Outcome outcome = stream.finish();
    assertThat(outcome.text()).isEqualTo("^C");
    assertThat(outcome.exit().signal()).isEqualTo("INT");
  }

  @Test
  void endsStdinOnATerminalByCtrlD() throws Exception {
    TestStream stream = agent.start(terminal("s", "sh", "-c", "stty -echo; echo up; cat"));
    stream.attached();
    stream.until("up\r\n");

    stream.stdin(0, "line\n", true);

    Outcome outcome = stream.finish();
    assertThat(outcome.text()).isEqualTo("line\r\n");
    assertThat(outcome.exit().code()).isZero();
  }

  @Test
  void tellsTheOutcomeToAClientThatHasNothingMoreToSay() throws Exception {
    TestStream stream = agent.start(agent.command("s", "sh", "-c", "sleep 0.1; echo late"));
    stream.halfClose();
    stream.attached();

    stream.until("late\n");
    assertThat(stream.frame(Frame.Exit.class).code()).isZero();
    assertThat(stream.closed().isOk()).isTrue();
  }

  @Test
  void endsEveryProcessGroupWhenItEnds() throws Exception {
    TestStream gentle = agent.start(agent.command("gentle", "sh", "-c", "sleep 1000 & wait"));
    gentle.attached();
    long gentlePid = gentle.frame(Frame.Started.class).pid();
    TestStream stubborn =
        agent.start(agent.command("stubborn", "sh", "-c", "trap '' TERM; echo up; sleep 1000; :"));
    stubborn.attached();
    long stubbornPid = stubborn.frame(Frame.Started.class).pid();
    stubborn.until("up\n");

    agent.loop().stop();

    assertThat(ProcessHandle.of(gentlePid)).isEmpty();
    assertThat(ProcessHandle.of(stubbornPid)).isEmpty();
  }

  private Outcome run(String... command) throws InterruptedException {
    TestStream stream = agent.start(agent.command("run", command));
    stream.attached();
    return stream.finish();
  }

  private dev.orchard.proto.guest.v1.Start.Builder terminal(String id, String... command) {
    return agent
        .command(id, command)
        .setTty(TtySize.newBuilder().setRows(24).setCols(80))
        .setStdin(true);
  }

  /** Bytes that are the same each time, and nowhere alike. */
  private static String bytesOf(long size) {
    return "yes 'the quick brown fox' | nl | head -c " + size;
  }

  private static ByteString sha256Of(String script) throws Exception {
    Process process = new ProcessBuilder("sh", "-c", script + " | sha256sum").start();
    String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    return ByteString.copyFrom(HexFormat.of().parseHex(line.substring(0, 64)));
  }

  private static ByteString sha256(byte[] bytes) throws Exception {
    return ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
