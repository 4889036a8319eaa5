package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code exec -l}: one command in many VMs. */
class FanOutTest {
  @TempDir Path home;
  private final FakeKubernetes kubernetes = new FakeKubernetes();

  @BeforeEach
  void prepare() throws IOException {
    Files.createDirectories(home.resolve(".kube"));
    Files.writeString(
        home.resolve(".kube/config"),
        """
        current-context: test
        contexts: [{name: test, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "%s"}}]
        users: [{name: u, user: {token: t0ken}}]
        """
            .formatted(kubernetes.url()));
    kubernetes.readyVm("a");
    kubernetes.readyVm("b");
    kubernetes.vm("other", "{}");
  }

  @AfterEach
  void stop() {
    kubernetes.close();
  }

  private CliRun run(String... arguments) {
    return new CliRun(home).start(arguments);
  }

  private List<FakeAttachment> attachments(int count) throws InterruptedException {
    List<FakeAttachment> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(kubernetes.attachment().started());
    }
    all.sort(Comparator.comparing(FakeAttachment::path));
    return all;
  }

  @Test
  void putsTheVmBeforeEachLineAndExitsWithTheHighestCode() throws Exception {
    CliRun run = run("exec", "-l", "tier=ci", "--", "x");
    List<FakeAttachment> all = attachments(2);
    all.getFirst().stdout(0, "half").stderr(4, "oops\n");
    all.getLast().stdout(0, "one\ntwo").exit(3, "one\ntwo", "");
    await().until(() -> run.stdout().contains("two"));
    all.getFirst().stdout(9, "way\n").exit(0, "halfway\n", "oops\n");
    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(run.stdout().lines()).containsExactlyInAnyOrder("a: halfway", "b: one", "b: two");
    assertThat(run.stderr()).isEqualTo("a: oops\n");
  }

  @Test
  void isASuccessWhereAllAre() throws Exception {
    CliRun run = run("exec", "-l", "tier=ci", "--", "x");
    attachments(2).forEach(attachment -> attachment.exit(0, "", ""));
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void runsNoMoreAtOnceThanAskedFor() throws Exception {
    CliRun run = run("exec", "-l", "tier=ci", "--parallel", "1", "--", "x");
    kubernetes.call();
    FakeAttachment first = kubernetes.attachment().started();
    first.stdout(0, "1\n");
    await().until(() -> run.stdout().contains("1"));
    assertThat(kubernetes.hasCalls()).isFalse();
    first.exit(0, "1\n", "");
    kubernetes.call();
    kubernetes.attachment().exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void countsAVmThatFailsAndGoesOnWithTheOthers() throws Exception {
    kubernetes.vm(
        "a",
        "{\"metadata\": {\"labels\": {\"tier\": \"ci\"}}, \"status\": {\"conditions\": [{\"type\":"
            + " \"Ready\", \"reason\": \"Failed\", \"message\": \"no image\"}]}}");
    CliRun run = run("exec", "-l", "tier=ci", "--", "x");
    kubernetes.attachment().exit(0, "", "");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).startsWith("a: orchard: vm a is in a terminal state");
  }

  @Test
  void sendsASignalToAllAndStartsNoMore() throws Exception {
    CliRun run = run("exec", "-l", "tier=ci", "--parallel", "1", "--", "x");
    FakeAttachment first = kubernetes.attachment().started().stdout(0, "up\n");
    await().until(() -> run.stdout().equals("a: up\n"));
    run.signal(LocalSignal.TERM);
    assertThat(first.received()).isEqualTo(new Frame.Signal("TERM"));
    first.exit(143, "up\n", "");
    assertThat(run.exitCode()).isEqualTo(143);
    assertThat(run.stderr()).isEqualTo("b: orchard: not started\n");
  }

  @Test
  void namesTheSessionsThatItLeaves() throws Exception {
    CliRun run = run("exec", "-l", "tier=ci", "-d", "--", "x");
    assertThat(run.exitCode()).isZero();
    assertThat(run.stdout().lines().sorted())
        .satisfiesExactly(
            line -> assertThat(line).matches("a-[a-z2-7]{8}"),
            line -> assertThat(line).matches("b-[a-z2-7]{8}"));
  }

  @Test
  void isNoSuccessWhereThereIsNoSuchVm() throws Exception {
    CliRun run = run("exec", "-l", "tier=none", "--", "x");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr())
        .isEqualTo("orchard: no VM in namespace default has labels tier=none\n");
  }

  @Test
  void needsTheKubernetesApi() throws Exception {
    CliRun run = run("exec", "-l", "tier=ci", "--server", "http://127.0.0.1:1", "--", "x");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.stderr()).contains("a controller knows no selectors");
  }
}
