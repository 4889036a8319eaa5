package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.cli.terminal.Terminal;
import dev.orchard.client.WindowSize;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecTest {
  @TempDir Path home;
  private final FakeController controller = new FakeController();

  @BeforeEach
  void writeKubeconfig() throws IOException {
    Files.createDirectories(home.resolve(".kube"));
    Files.writeString(
        home.resolve(".kube/config"),
        """
        current-context: test
        contexts: [{name: test, context: {cluster: c, user: u, namespace: team}}]
        clusters:
        - name: c
          cluster:
            server: https://kube.invalid
            extensions: [{name: orchard.dev, extension: {server: "%s/"}}]
        users: [{name: u, user: {token: t0ken}}]
        """
            .formatted(controller.url()));
  }

  @AfterEach
  void stop() {
    controller.close();
  }

  private CliRun run() {
    return new CliRun(home);
  }

  @Test
  void asksForTheSessionThenStreamsItToItsExitCode() throws Exception {
    CliRun run =
        run()
            .start(
                "exec",
                "hello",
                "--env",
                "A=b=c",
                "--workdir",
                "/tmp",
                "--user",
                "me",
                "--timeout",
                "2m",
                "--wait",
                "1m30s",
                "--",
                "sh",
                "-c",
                "x");
    FakeController.Creation creation = controller.creation();
    assertThat(creation.path()).isEqualTo("/v1/namespaces/team/vms/hello/exec");
    assertThat(creation.authorization()).isEqualTo("Bearer t0ken");
    assertThat(creation.prefer()).isEqualTo("respond-async");
    String name = creation.body().path("name").asText();
    assertThat(name).matches("hello-[a-z2-7]{8}");
    assertThat(creation.body().toString())
        .isEqualTo(
            """
            {"name":"%s","command":["sh","-c","x"],"env":{"A":"b=c"},"workingDir":"/tmp",\
            "user":"me","timeoutSeconds":120,"startTimeoutSeconds":90,\
            "disconnectPolicy":"Terminate"}\
            """
                .formatted(name));

    FakeAttachment attachment = controller.attachment();
    assertThat(attachment.path()).isEqualTo("/v1/namespaces/team/vms/hello/exec/" + name);
    assertThat(attachment.query()).isEqualTo("interactive=true&from=0");
    assertThat(attachment.authorization()).isEqualTo("Bearer t0ken");
    attachment
        .started()
        .stdout(0, "out\u001b[1m\n")
        .stderr(8, "err\n")
        .stdout(12, "more")
        .exit(7, "out\u001b[1m\nmore", "err\n");
    assertThat(run.exitCode()).isEqualTo(7);
    assertThat(run.stdout()).isEqualTo("out\u001b[1m\nmore");
    assertThat(run.stderr()).isEqualTo("err\n");
  }

  @Test
  void prefersTheServerOptionToTheEnvironmentToTheExtension() throws Exception {
    CliRun fromEnvironment =
        run().env("ORCHARD_SERVER", "http://127.0.0.1:1").start("exec", "vm", "--", "x");
    assertThat(fromEnvironment.exitCode()).isEqualTo(255);
    assertThat(fromEnvironment.stderr()).startsWith("orchard: no connection");
    CliRun fromOption =
        run()
            .env("ORCHARD_SERVER", "http://127.0.0.1:1")
            .start("exec", "vm", "-n", "other", "--server", controller.url(), "--", "x");
    assertThat(controller.creation().path()).isEqualTo("/v1/namespaces/other/vms/vm/exec");
    controller.attachment().exit(0, "", "");
    assertThat(fromOption.exitCode()).isZero();
  }

  @Test
  void tellsARefusalInTheControllersOwnWords() throws Exception {
    controller.refuse(404, "vm gone\u001b[2J is not in namespace team", null);
    CliRun run = run().start("exec", "gone", "--", "x");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr())
        .isEqualTo("orchard: vm gone\\u001b[2J is not in namespace team (404)\n");
    assertThat(run.stdout()).isEmpty();
  }

  @Test
  void asksAgainUnderTheSameNameWhereTheControllerSaysLater() throws Exception {
    controller.refuse(503, "no link", 0);
    CliRun run = run().start("exec", "vm", "--", "x");
    FakeController.Creation first = controller.creation();
    assertThat(controller.creation().body()).isEqualTo(first.body());
    controller.attachment().exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void asksTheControllerToWaitOnlyForWhatIsLeft() throws Exception {
    controller.refuse(408, "not placed yet", 1);
    CliRun run = run().start("exec", "vm", "--wait", "5s", "--", "x");
    assertThat(controller.creation().query()).isEqualTo("wait=5");
    FakeController.Creation second = controller.creation();
    assertThat(second.query()).isIn("wait=4", "wait=3");
    assertThat(second.body().path("startTimeoutSeconds").asInt()).isEqualTo(5);
    controller.attachment().exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void doesNotWaitLongerThanAskedFor() throws Exception {
    controller.refuse(503, "no link", 60);
    CliRun run = run().start("exec", "vm", "--wait", "5s", "--", "x");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).isEqualTo("orchard: no link (503)\n");
  }

  @Test
  void resumesByOffsetAfterACutAndSaysSoOnce() throws Exception {
    CliRun run = run().start("exec", "vm", "--", "x");
    FakeAttachment first = controller.attachment().started().stdout(0, "one");
    await().until(() -> run.stdout().equals("one"));
    first.cut();
    FakeAttachment second = controller.attachment();
    assertThat(second.query()).isEqualTo("interactive=true&from=3&takeover=true");
    second.started().stdout(1, "ne+two");
    await().until(() -> run.stdout().equals("one+two"));
    second.close(1001, "draining");
    FakeAttachment third = controller.attachment();
    assertThat(third.query()).isEqualTo("interactive=true&from=7&takeover=true");
    third.started().exit(0, "one+two", "");
    assertThat(run.exitCode()).isZero();
    assertThat(run.stdout()).isEqualTo("one+two");
    assertThat(run.stderr()).containsOnlyOnce("\n").contains("trying again");
  }

  @Test
  void triesAnotherReplicaWhereOneCannotServe() throws Exception {
    controller.refuseAttachment(503, "no link");
    CliRun run = run().start("exec", "vm", "--", "x");
    controller
        .attachment()
        .send(new Frame.Failure(ErrorCode.WORKER_UNREACHABLE, "its link is gone"));
    controller.attachment().started().exit(3, "", "");
    assertThat(run.exitCode()).isEqualTo(3);
  }

  @Test
  void givesUpWhereItIsNotAllowedToAttach() throws Exception {
    controller.refuseAttachment(403, "not yours");
    CliRun run = run().start("exec", "vm", "--", "x");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("the outcome is unknown", "not yours (403)");
  }

  @Test
  void neverTakesAStreamWithoutTheRightDigestForASuccess() throws Exception {
    CliRun run = run().start("exec", "vm", "--", "x");
    controller.attachment().started().stdout(0, "spoilt").exit(0, "intact", "");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("the outcome is unknown", "digests differ");
  }

  @Test
  void takesAnInvalidFrameForAnUnknownOutcome() throws Exception {
    CliRun run = run().start("exec", "vm", "--", "x");
    controller.attachment().sendText("{\"event\":\"stdout\"}");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("the controller sent no valid frame");
  }

  @Test
  void sendsStandardInputWithItsEnd() throws Exception {
    CliRun run =
        run()
            .stdin(new ByteArrayInputStream("hello".getBytes(StandardCharsets.UTF_8)))
            .start("exec", "vm", "-i", "--", "cat");
    assertThat(controller.creation().body().path("stdin").path("type").asText())
        .isEqualTo("Attach");
    FakeAttachment attachment = controller.attachment().started().ack(0);
    Frame.Stdin first = attachment.stdin();
    assertThat(first.data().toStringUtf8()).isEqualTo("hello");
    Frame.Stdin last = first.eof() ? first : attachment.stdin();
    assertThat(last.eof()).isTrue();
    assertThat(last.end()).isEqualTo(5);
    attachment.ack(5).stdout(0, "hello").exit(0, "hello", "");
    assertThat(run.exitCode()).isZero();
    assertThat(run.stdout()).isEqualTo("hello");
  }

  @Test
  void sendsInputAgainThatWasNotAcknowledgedBeforeACut() throws Exception {
    CliRun run =
        run()
            .stdin(new ByteArrayInputStream("0123456789".getBytes(StandardCharsets.UTF_8)))
            .start("exec", "vm", "-i", "--", "cat");
    FakeAttachment first = controller.attachment().started().ack(0);
    assertThat(first.stdin().offset()).isZero();
    first.cut();
    FakeAttachment second = controller.attachment().started().ack(4);
    Frame.Stdin again = second.stdin();
    assertThat(again.offset()).isEqualTo(4);
    assertThat(again.data().toStringUtf8()).isEqualTo("456789");
    second.ack(10).exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void readsInputOnlyAsFastAsItIsAcknowledged() throws Exception {
    int size = 1 << 20;
    ByteArrayInputStream local = new ByteArrayInputStream(new byte[size]);
    CliRun run = run().stdin(local).start("exec", "vm", "-i", "--", "wc");
    FakeAttachment attachment = controller.attachment().started().ack(0);
    long taken = 0;
    while (taken < 200 << 10) {
      taken = attachment.stdin().end();
    }
    assertThat(size - local.available()).isLessThanOrEqualTo(256 << 10);
    boolean ended = false;
    while (!ended) {
      attachment.ack(taken);
      Frame.Stdin frame = attachment.stdin();
      assertThat(frame.offset()).isEqualTo(taken);
      taken = frame.end();
      ended = frame.eof();
    }
    assertThat(taken).isEqualTo(size);
    attachment.ack(taken).exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void neverMakesUpTheEndOfInputThatCannotBeRead() throws Exception {
    InputStream unreadable = InputStream.nullInputStream();
    unreadable.close();
    CliRun run = run().stdin(unreadable).start("exec", "vm", "-i", "--", "cat");
    FakeAttachment attachment = controller.attachment().started().ack(0);
    assertThat(attachment.received()).isEqualTo(new Frame.Signal("HUP"));
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("standard input cannot be read");
  }

  @Test
  void hangsUpWhenNobodyTakesTheOutput() throws Exception {
    CliRun run =
        run()
            .stdout(
                new OutputStream() {
                  @Override
                  public void write(int b) throws IOException {
                    throw new IOException("Broken pipe");
                  }
                })
            .start("exec", "vm", "--", "yes");
    FakeAttachment attachment = controller.attachment().started().stdout(0, "y\n");
    assertThat(attachment.received()).isEqualTo(new Frame.Signal("HUP"));
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("output cannot be written: Broken pipe");
  }

  @Test
  void sendsTheFirstSignalOnAndLeavesAtTheSecond() throws Exception {
    CliRun run = run().start("exec", "vm", "--", "sleep");
    FakeAttachment attachment = controller.attachment().started();
    run.signal(LocalSignal.INT);
    assertThat(attachment.received()).isEqualTo(new Frame.Signal("INT"));
    assertThat(run.isRunning()).isTrue();
    run.signal(LocalSignal.INT);
    assertThat(run.exitCode()).isEqualTo(130);
    assertThat(run.stderr()).contains("left session vm/vm-");
  }

  @Test
  void canBeLeftWhileItsOutputIsHeldUp() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CliRun run =
        run()
            .stdout(
                new OutputStream() {
                  @Override
                  public void write(int b) throws IOException {
                    try {
                      never.await();
                    } catch (InterruptedException e) {
                      throw new IOException(e);
                    }
                  }
                })
            .start("exec", "vm", "--", "yes");
    FakeAttachment attachment = controller.attachment().started().stdout(0, "y\n");
    run.signal(LocalSignal.TERM);
    assertThat(attachment.received()).isEqualTo(new Frame.Signal("TERM"));
    run.signal(LocalSignal.TERM);
    assertThat(run.exitCode()).isEqualTo(143);
    never.countDown();
  }

  @Test
  void printsFramesWithoutTicketsAsJsonLines() throws Exception {
    CliRun run = run().start("exec", "vm", "-o", "json", "--", "x");
    FakeAttachment first = controller.attachment().started().stdout(0, "hi").ack(0);
    await().until(() -> run.stdout().contains("aGk="));
    first.cut();
    controller
        .attachment()
        .started()
        .send(new Frame.Heartbeat("new-ticket"))
        .stdout(0, "hi!")
        .stderr(3, "e")
        .exit(1, "hi!", "e");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.stdout().lines().limit(4))
        .containsExactly(
            "{\"event\":\"started\",\"session\":\"s\",\"pid\":42,\"bootID\":\"boot\"}",
            "{\"event\":\"stdout\",\"data\":\"aGk=\",\"offset\":0}",
            "{\"event\":\"stdout\",\"data\":\"IQ==\",\"offset\":2}",
            "{\"event\":\"stderr\",\"data\":\"ZQ==\",\"offset\":3}");
    assertThat(run.stdout().lines().skip(4))
        .singleElement()
        .asString()
        .startsWith("{\"event\":\"exit\",\"code\":1,\"reason\":\"Exited\"");
  }

  @Test
  void printsNoExitWhereTheOutcomeIsUnknown() throws Exception {
    CliRun run = run().start("exec", "vm", "-o", "json", "--", "x");
    controller.attachment().send(new Frame.Failure(ErrorCode.SESSION_GONE, "its log is gone"));
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stdout())
        .isEqualTo(
            "{\"event\":\"error\",\"code\":\"SessionGone\",\"message\":\"its log is gone\"}\n");
  }

  @Test
  void tellsOfOutputThatIsGone() throws Exception {
    CliRun run = run().start("exec", "vm", "--", "x");
    controller
        .attachment()
        .started()
        .send(
            new Frame.Gap(0, 10),
            new Frame.Exit(
                0, null, ExitReason.EXITED, 10, 0, null, null, false, Duration.ZERO, null));
    assertThat(run.exitCode()).isZero();
    assertThat(run.stderr()).isEqualTo("orchard: 10 bytes of output at offset 0 are gone\n");
  }

  @Test
  void aTerminalWithoutInputNeedsNoneHere() throws Exception {
    CliRun run = run().start("exec", "vm", "-t", "--", "tty");
    assertThat(controller.creation().body().path("tty").toString())
        .isEqualTo("{\"rows\":24,\"cols\":80}");
    controller.attachment().exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void aTerminalIsRawFromTheFirstKeyToTheEnd() throws Exception {
    PipedOutputStream keys = new PipedOutputStream();
    FakeTerminal terminal = new FakeTerminal();
    CliRun run =
        run()
            .stdin(new PipedInputStream(keys))
            .terminal(terminal)
            .start("exec", "vm", "-it", "--", "sh");
    assertThat(controller.creation().body().path("tty").toString())
        .isEqualTo("{\"rows\":40,\"cols\":100}");
    FakeAttachment attachment = controller.attachment().started().ack(0);
    await().untilTrue(terminal.raw);
    keys.write(3);
    keys.flush();
    assertThat(attachment.stdin().data()).isEqualTo(ByteString.copyFrom(new byte[] {3}));
    terminal.size = new WindowSize(50, 120);
    run.signal(LocalSignal.WINCH);
    assertThat(attachment.received()).isEqualTo(new Frame.Resize(50, 120));
    attachment.exit(130, "", "");
    assertThat(run.exitCode()).isEqualTo(130);
    assertThat(terminal.raw).isFalse();
  }

  @Test
  void keysThatWereTypedWhileDisconnectedAreNotSentLaterAndCtrlCLeaves() throws Exception {
    PipedOutputStream keys = new PipedOutputStream();
    FakeTerminal terminal = new FakeTerminal();
    CliRun run =
        run()
            .stdin(new PipedInputStream(keys))
            .terminal(terminal)
            .start("exec", "vm", "-it", "--", "sh");
    FakeAttachment attachment = controller.attachment().started().ack(0);
    await().untilTrue(terminal.raw);
    controller.refuseAttachments();
    attachment.cut();
    await().until(() -> run.stderr().contains("trying again"));
    keys.write(3);
    keys.flush();
    assertThat(run.exitCode()).isEqualTo(130);
    assertThat(terminal.raw).isFalse();
    assertThat(run.stderr()).contains("\r\n");
  }

  @Test
  void sendsNoCredentialsInTheClearToAnotherMachine() throws Exception {
    CliRun run = run().start("exec", "vm", "--server", "http://orchard.invalid", "--", "x");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.stderr())
        .isEqualTo(
            "orchard: --server: http://orchard.invalid would carry credentials in the clear:"
                + " use https\n");
  }

  private static final class FakeTerminal implements Terminal {
    final AtomicBoolean raw = new AtomicBoolean();
    volatile WindowSize size = new WindowSize(40, 100);

    @Override
    public boolean isStdin() {
      return true;
    }

    @Override
    public Optional<WindowSize> size() {
      return Optional.of(size);
    }

    @Override
    public RawMode raw() {
      raw.set(true);
      return () -> raw.set(false);
    }
  }
}
