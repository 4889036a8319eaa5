package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With nothing but a kubeconfig: all goes through the Kubernetes API. */
class KubernetesRoadTest {
  private static final String GROUP =
      "/apis/subresources.orchard.dev/v1alpha1/namespaces/team/vmexecs/";

  @TempDir Path home;
  private final FakeKubernetes kubernetes = new FakeKubernetes();

  @BeforeEach
  void writeKubeconfig() throws IOException {
    write("{token: t0ken}", "");
  }

  private void write(String user, String extension) throws IOException {
    Files.createDirectories(home.resolve(".kube"));
    Files.writeString(
        home.resolve(".kube/config"),
        """
        current-context: test
        contexts: [{name: test, context: {cluster: c, user: u, namespace: team}}]
        clusters: [{name: c, cluster: {server: "%s/"%s}}]
        users: [{name: u, user: %s}]
        """
            .formatted(kubernetes.url(), extension, user));
  }

  @AfterEach
  void stop() {
    kubernetes.close();
  }

  private CliRun run(String... arguments) {
    return new CliRun(home).start(arguments);
  }

  @Test
  void createsTheObjectThenAttachesThroughTheAggregatedApi() throws Exception {
    kubernetes.readyVm("hello");
    CliRun run = run("exec", "hello", "--env", "B=2", "--env", "A=1", "-i", "--", "cat");
    FakeKubernetes.Call created = kubernetes.call();
    String name = created.body().path("metadata").path("name").asText();
    assertThat(name).matches("hello-[a-z2-7]{8}");
    assertThat(created.path()).isEqualTo("/apis/orchard.dev/v1alpha1/namespaces/team/vmexecs");
    assertThat(created.headers()).containsEntry("Authorization", "Bearer t0ken");
    assertThat(created.body().at("/metadata/annotations/orchard.dev~1spec-digest").asText())
        .matches("[0-9a-f]{64}");
    assertThat(created.body().path("spec").toString())
        .isEqualTo(
            """
            {"vmName":"hello","command":["cat"],\
            "env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],\
            "stdin":{"type":"Attach"},"startTimeoutSeconds":60,"disconnectPolicy":"Terminate",\
            "target":{"vmUID":"uid-of-hello","workerName":"laptop","bootID":"boot"},\
            "ttlSecondsAfterFinished":86400}\
            """);
    FakeAttachment attachment = kubernetes.attachment();
    assertThat(attachment.path()).isEqualTo(GROUP + name + "/attach");
    assertThat(attachment.query()).isEqualTo("interactive=true&from=0");
    assertThat(attachment.authorization()).isEqualTo("Bearer t0ken");
    attachment.started().stdout(0, "hi").exit(3, "hi", "");
    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(run.stdout()).isEqualTo("hi");
    assertThat(run.stderr()).isEmpty();
  }

  @Test
  void waitsForTheVm() throws Exception {
    kubernetes.vm("slow", "{\"status\": {\"workerName\": \"laptop\"}}");
    CliRun run = run("exec", "slow", "--", "x");
    kubernetes.readyVm("slow");
    kubernetes.attachment().exit(0, "", "");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void saysWhatAVmLacksThatIsNotReadyInTime() throws Exception {
    kubernetes.vm("slow", "{\"status\": {\"workerName\": \"laptop\"}}");
    CliRun run = run("exec", "slow", "--wait", "1s", "--", "x");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr())
        .isEqualTo(
            "orchard: vm slow on worker laptop was not ready in time: no agent is connected in it"
                + " (408)\n");
  }

  @Test
  void doesNotWaitForAVmThatHasFailedOrIsNotThere() throws Exception {
    kubernetes.vm(
        "broken",
        "{\"status\": {\"conditions\": [{\"type\": \"Ready\", \"reason\": \"Failed\", \"message\":"
            + " \"no image\"}]}}");
    CliRun broken = run("exec", "broken", "--", "x");
    assertThat(broken.exitCode()).isEqualTo(255);
    assertThat(broken.stderr()).contains("'failed': no image (417)");
    CliRun absent = run("exec", "absent", "--", "x");
    assertThat(absent.exitCode()).isEqualTo(255);
    assertThat(absent.stderr()).isEqualTo("orchard: \"absent\" not found (404)\n");
  }

  @Test
  void returnsToTheSessionThatHasTheNameIfItIsTheSameCommand() throws Exception {
    kubernetes.readyVm("vm");
    CliRun first = run("exec", "vm", "-d", "--name", "job", "--", "make");
    assertThat(first.exitCode()).isZero();
    assertThat(first.stdout()).isEqualTo("job\n");
    assertThat(kubernetes.call().body().at("/spec/disconnectPolicy").asText()).isEqualTo("Detach");
    CliRun second = run("exec", "vm", "--name", "job", "--", "make");
    kubernetes.attachment().exit(0, "", "");
    assertThat(second.exitCode()).isZero();
    CliRun other = run("exec", "vm", "--name", "job", "--", "make", "clean");
    assertThat(other.exitCode()).isEqualTo(255);
    assertThat(other.stderr()).contains("session job was started with another command", "(409)");
  }

  @Test
  void startsNothingWhereItsOutputCouldNotBeHad() throws Exception {
    kubernetes.withoutAggregation();
    kubernetes.readyVm("vm");
    CliRun run = run("exec", "vm", "--", "x");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr())
        .contains("APIService v1alpha1.subresources.orchard.dev", "--server URL", "(404)");
  }

  @Test
  void actsAsWhomTheKubeconfigSays() throws Exception {
    write("{token: t, as: builder, as-groups: [ci, dev], as-user-extra: {why: [test]}}", "");
    kubernetes.readyVm("vm");
    CliRun run = run("exec", "vm", "-d", "--", "x");
    assertThat(run.exitCode()).isZero();
    assertThat(kubernetes.call().headers())
        .containsEntry("Impersonate-User", "builder")
        .containsEntry("Impersonate-Group", "ci,dev")
        .containsEntry("Impersonate-Extra-why", "test");
  }

  @Test
  void isTakenInPlaceOfTheExtensionWhereTheUserSaysSo() throws Exception {
    write(
        "{token: t}",
        ", extensions: [{name: orchard.dev, extension: {server: 'http://127.0.0.1:1'}}]");
    kubernetes.readyVm("vm");
    CliRun option = run("exec", "vm", "-d", "--server", "kubernetes", "--", "x");
    assertThat(option.exitCode()).isZero();
    CliRun environment =
        new CliRun(home).env("ORCHARD_SERVER", "kubernetes").start("exec", "vm", "-d", "--", "x");
    assertThat(environment.exitCode()).isZero();
  }

  @Test
  void resumesByOffsetAfterACut() throws Exception {
    kubernetes.readyVm("vm");
    CliRun run = run("exec", "vm", "--", "x");
    FakeAttachment first = kubernetes.attachment().started().stdout(0, "one");
    await().until(() -> run.stdout().equals("one"));
    first.cut();
    FakeAttachment second = kubernetes.attachment();
    assertThat(second.query()).isEqualTo("interactive=true&from=3&takeover=true");
    second.started().stdout(3, "two").exit(0, "onetwo", "");
    assertThat(run.exitCode()).isZero();
    assertThat(run.stderr()).containsOnlyOnce("\n").contains("trying again");
  }
}
