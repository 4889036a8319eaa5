package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.frame.StdStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands about sessions that are there already, through the Kubernetes API. */
class SessionCommandsTest {
  private static final String GROUP =
      "/apis/subresources.orchard.dev/v1alpha1/namespaces/team/vmexecs/";

  @TempDir Path home;
  private final FakeKubernetes kubernetes = new FakeKubernetes();

  @BeforeEach
  void prepare() throws IOException {
    Files.createDirectories(home.resolve(".kube"));
    Files.writeString(
        home.resolve(".kube/config"),
        """
        current-context: test
        contexts: [{name: test, context: {cluster: c, user: u, namespace: team}}]
        clusters: [{name: c, cluster: {server: "%s"}}]
        users: [{name: u, user: {token: t0ken}}]
        """
            .formatted(kubernetes.url()));
    exec("job", "[make, all]", "\"disconnectPolicy\": \"Detach\"", "{\"state\": \"Running\"}");
  }

  private void exec(String name, String command, String rest, String status) throws IOException {
    kubernetes.exec(
        name,
        """
        {"metadata": {"creationTimestamp": "%s"},
         "spec": {"vmName": "vm", "command": %s, %s}, "status": %s}
        """
            .formatted(
                Instant.now().minusSeconds(90),
                command.replaceAll("([a-z]+)", "\"$1\""),
                rest,
                status));
  }

  @AfterEach
  void stop() {
    kubernetes.close();
  }

  private CliRun run(String... arguments) {
    return new CliRun(home).start(arguments);
  }

  private static String ndjson(Frame... frames) {
    StringBuilder lines = new StringBuilder();
    for (Frame frame : frames) {
      lines
          .append(new String(JsonFrames.encode(frame), StandardCharsets.UTF_8).strip())
          .append('\n');
    }
    return lines.toString();
  }

  private static Frame.Output output(StdStream stream, long offset, String text) {
    return new Frame.Output(stream, offset, ByteString.copyFromUtf8(text));
  }

  @Test
  void attachLooksOnToTheEndAndExitsWithTheCode() throws Exception {
    CliRun run = run("attach", "job");
    FakeAttachment attachment = kubernetes.attachment();
    assertThat(attachment.path()).isEqualTo(GROUP + "job/attach");
    assertThat(attachment.query()).isEqualTo("interactive=false&from=0");
    attachment.started().stdout(0, "hi").exit(5, "hi", "");
    assertThat(run.exitCode()).isEqualTo(5);
    assertThat(run.stdout()).isEqualTo("hi");
  }

  @Test
  void whoLooksOnLeavesAtTheFirstSignalAndSaysHowToComeBack() throws Exception {
    CliRun run = run("attach", "vm/job");
    kubernetes.attachment().started();
    run.signal(LocalSignal.INT);
    assertThat(run.exitCode()).isEqualTo(130);
    assertThat(run.stderr())
        .isEqualTo("orchard: left session job, which runs on: kubectl orchard attach job\n");
  }

  @Test
  void attachBeginsAtTheEndWhereAskedTo() throws Exception {
    CliRun run = run("attach", "job", "--since", "end");
    kubernetes
        .attachment()
        .started()
        .send(new Frame.Failure(ErrorCode.OFFSET_AHEAD_OF_LOG, "ahead", 700));
    FakeAttachment second = kubernetes.attachment();
    assertThat(second.query()).isEqualTo("interactive=false&from=700");
    second
        .started()
        .stdout(700, "new")
        .send(
            new Frame.Exit(
                0,
                null,
                ExitReason.EXITED,
                703,
                0,
                FakeAttachment.sha256("anything"),
                FakeAttachment.sha256(""),
                false,
                Duration.ZERO,
                null));
    assertThat(run.exitCode()).isZero();
    assertThat(run.stdout()).isEqualTo("new");
    assertThat(run.stderr()).isEmpty();
  }

  @Test
  void attachWritesWhereAskedTo() throws Exception {
    exec("cat", "[cat]", "\"stdin\": {\"type\": \"Attach\"}", "{\"state\": \"Running\"}");
    CliRun run =
        new CliRun(home)
            .stdin(new ByteArrayInputStream("x".getBytes(StandardCharsets.UTF_8)))
            .start("attach", "cat", "-i", "--takeover");
    FakeAttachment attachment = kubernetes.attachment();
    assertThat(attachment.query()).isEqualTo("interactive=true&from=0&takeover=true");
    attachment.started().ack(4);
    assertThat(attachment.stdin().offset()).isEqualTo(4);
    attachment.ack(5).exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void attachLosesNoInputWhileItLooksForTheEnd() throws Exception {
    exec("cat", "[cat]", "\"stdin\": {\"type\": \"Attach\"}", "{\"state\": \"Running\"}");
    CliRun run =
        new CliRun(home)
            .stdin(new ByteArrayInputStream("x".getBytes(StandardCharsets.UTF_8)))
            .start("attach", "cat", "-i", "--since", "end");
    kubernetes
        .attachment()
        .started()
        .ack(4)
        .send(new Frame.Failure(ErrorCode.OFFSET_AHEAD_OF_LOG, "ahead", 7));
    FakeAttachment second = kubernetes.attachment();
    assertThat(second.query()).isEqualTo("interactive=true&from=7&takeover=true");
    second.started().ack(4);
    assertThat(second.stdin().data().toStringUtf8()).isEqualTo("x");
    second
        .ack(5)
        .send(
            new Frame.Exit(
                0, null, ExitReason.EXITED, 7, 0, null, null, false, Duration.ZERO, null));
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void attachRefusesInputForWhatTakesNone() throws Exception {
    CliRun run = run("attach", "job", "-i");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.stderr()).contains("takes no standard input: leave out -i");
  }

  @Test
  void aSessionOfAnotherVmIsNone() throws Exception {
    CliRun run = run("attach", "other/job");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).isEqualTo("orchard: session job is of vm vm, not other (404)\n");
  }

  @Test
  void logsPrintsWhatThereIsAndThatIsASuccess() throws Exception {
    kubernetes.log(
        "job", ndjson(output(StdStream.STDOUT, 3, "one"), output(StdStream.STDERR, 6, "two")));
    CliRun run = run("logs", "job", "--from", "3");
    assertThat(run.exitCode()).isZero();
    assertThat(run.stdout()).isEqualTo("one");
    assertThat(run.stderr()).isEqualTo("two");
    FakeKubernetes.Call call = kubernetes.call();
    assertThat(call.path()).isEqualTo(GROUP + "job/log");
    assertThat(call.query()).isEqualTo("from=3&follow=false");
  }

  @Test
  void logsFollowsOverAnEndWithoutExitAndDoesNotTakeTheCommandsCode() throws Exception {
    kubernetes.log("job", ndjson(output(StdStream.STDOUT, 0, "one")));
    CliRun run = run("logs", "job", "-f");
    assertThat(kubernetes.call().query()).isEqualTo("from=0&follow=true");
    kubernetes.log(
        "job", ndjson(output(StdStream.STDOUT, 3, "two"), FakeAttachment.exited(7, "onetwo", "")));
    assertThat(run.exitCode()).isZero();
    assertThat(run.stdout()).isEqualTo("onetwo");
    assertThat(run.stderr()).containsOnlyOnce("\n").contains("trying again");
  }

  @Test
  void logsIsNoSuccessWhereTheOutputIsNotWhatWasWritten() throws Exception {
    kubernetes.log(
        "job", ndjson(output(StdStream.STDOUT, 0, "bad"), FakeAttachment.exited(0, "one", "")));
    CliRun run = run("logs", "job");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("digests differ");
  }

  @Test
  void logsOfASessionThatIsNotThereSaysSo() throws Exception {
    CliRun run = run("logs", "nothing");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("no such session (404)");
  }

  @Test
  void psListsSessionsWithoutAnythingThatMovesTheCursor() throws Exception {
    kubernetes.exec(
        "old",
        """
        {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
         "spec": {"vmName": "vm", "command": ["echo", "\\u001b[2J", "it's"]},
         "status": {"state": "Failed", "exit": {"reason": "Signaled", "signal": "KILL"}}}
        """);
    CliRun run = run("ps");
    assertThat(run.exitCode()).isZero();
    assertThat(run.stdout())
        .matches(
            """
            SESSION   VM   STATE     EXIT      AGE +COMMAND
            old       vm   Failed    SIGKILL   \\d+d +echo '\\\\u001b\\[2J' 'it'\\\\''s'
            job       vm   Running   -         \\d+s +make all
            """);
  }

  @Test
  void psPicksByVmAndStateAndPrintsNamesAndJson() throws Exception {
    assertThat(output("ps", "vm", "-o", "name")).isEqualTo("job\n");
    assertThat(output("ps", "other", "-o", "name")).isEmpty();
    assertThat(output("ps", "--state", "Pending,Lost", "-o", "name")).isEmpty();
    assertThat(output("ps", "-o", "json"))
        .matches(
            "\\[\\{\"session\":\"job\",\"vm\":\"vm\",\"state\":\"Running\",\"createdAt\":\".*\","
                + "\"command\":\\[\"make\",\"all\"]}]\n");
    CliRun wrong = run("ps", "--state", "running");
    assertThat(wrong.exitCode()).isEqualTo(2);
  }

  private String output(String... arguments) throws Exception {
    CliRun run = run(arguments);
    assertThat(run.exitCode()).as(run.stderr()).isZero();
    return run.stdout();
  }

  @Test
  void signalGoesToTheSessionAsAFrame() throws Exception {
    CliRun run = run("signal", "job", "sigusr1");
    FakeKubernetes.Call call = kubernetes.call();
    assertThat(call.path()).isEqualTo(GROUP + "job/attach");
    assertThat(call.body().toString()).isEqualTo("{\"event\":\"signal\",\"signal\":\"USR1\"}");
    assertThat(run.exitCode()).isZero();
    CliRun wrong = run("signal", "job", "NONSENSE");
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.stderr()).contains("signal 'NONSENSE' is none of HUP INT");
  }

  @Test
  void killCancelsTheObject() throws Exception {
    CliRun run = run("kill", "vm/job");
    FakeKubernetes.Call call = kubernetes.call();
    assertThat(call.method()).isEqualTo("PATCH");
    assertThat(call.path()).isEqualTo("/apis/orchard.dev/v1alpha1/namespaces/team/vmexecs/job");
    assertThat(call.headers()).containsEntry("Content-Type", "application/merge-patch+json");
    assertThat(call.body().toString()).isEqualTo("{\"spec\":{\"desiredState\":\"Cancelled\"}}");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void aControllerWantsTheVmToo() throws Exception {
    CliRun run = run("logs", "job", "--server", "http://127.0.0.1:1");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.stderr())
        .contains("which VM is session 'job' of? A controller wants VM/SESSION");
  }
}
