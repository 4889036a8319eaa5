package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.tls.KeyAndCertificate;
import dev.orchard.it.Programs.Result;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Through the API server, with nothing but a kubeconfig. */
class CliKubernetesIT extends CliScenarios {
  CliKubernetesIT() {
    super("through", "--server", "kubernetes");
  }

  @Override
  String named(String session) {
    return session;
  }

  /** Users of whom there are no more rights than docs/cli.md says. */
  private void grant(String user) {
    var kubernetes = system.kubernetes();
    kubernetes
        .resource(
            new RoleBuilder()
                .withNewMetadata()
                .withName("cli")
                .withNamespace("default")
                .endMetadata()
                .addNewRule()
                .withApiGroups("orchard.dev")
                .withResources("vms")
                .withVerbs("get")
                .endRule()
                .addNewRule()
                .withApiGroups("orchard.dev")
                .withResources("vmexecs")
                .withVerbs("create")
                .endRule()
                .addNewRule()
                .withApiGroups("subresources.orchard.dev")
                .withResources("vms/exec")
                .withVerbs("create")
                .endRule()
                .addNewRule()
                .withApiGroups("subresources.orchard.dev")
                .withResources("vmexecs/attach")
                .withVerbs("get", "create")
                .endRule()
                .addNewRule()
                .withApiGroups("subresources.orchard.dev")
                .withResources("vmexecs/log")
                .withVerbs("get")
                .endRule()
                .build())
        .serverSideApply();
    kubernetes
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withName(user)
                .withNamespace("default")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", "cli")
                .addNewSubject("rbac.authorization.k8s.io", "User", user, null)
                .build())
        .serverSideApply();
  }

  private Path kubeconfig(String user) throws IOException {
    return Files.writeString(
        folder.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        current-context: c
        contexts: [{name: c, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "%s", certificate-authority: "%s"}}]
        users: [{name: u, user: %s}]
        """
            .formatted(
                system.kubernetes().getConfiguration().getMasterUrl(),
                system.certificateAuthority(),
                user));
  }

  private Result execAs(Path kubeconfig) throws Exception {
    return Programs.orchard(
        system, "", "exec", "--kubeconfig", kubeconfig.toString(), vm, "--", "echo", "hi");
  }

  @Test
  void needsNothingButAClientCertificate() throws Exception {
    KeyAndCertificate alice = system.user("alice");
    Path kubeconfig =
        kubeconfig(
            "{client-certificate: \"%s\", client-key: \"%s\"}"
                .formatted(alice.certificate(), alice.key()));
    Result refused = execAs(kubeconfig);
    assertThat(refused.code()).isEqualTo(255);
    assertThat(refused.stderr()).contains("alice", "cannot get", "(403)");
    grant("alice");
    assertThat(execAs(kubeconfig)).isEqualTo(new Result(0, "hi\n", ""));
  }

  @Test
  void actsAsSomebodyElseWhereTheKubeconfigSaysSo() throws Exception {
    Path kubeconfig = kubeconfig("{token: %s, as: bob}".formatted(system.token()));
    assertThat(execAs(kubeconfig).stderr()).contains("bob", "(403)");
    grant("bob");
    assertThat(execAs(kubeconfig)).isEqualTo(new Result(0, "hi\n", ""));
  }

  @Test
  void refusesAWrongToken() throws Exception {
    Result result = execAs(kubeconfig("{token: wrong}"));
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.stderr()).contains("(401)");
  }

  @Test
  void runsInAllVmsWithALabel() throws Exception {
    applyVm("fan-1", "{fan: out}");
    applyVm("fan-2", "{fan: out}");
    Result result = orchard("exec", "-l", "fan=out", "--", "sh", "-c", "echo one; echo two");
    assertThat(result.code()).as(result.stderr()).isZero();
    assertThat(result.stdout().lines())
        .containsExactlyInAnyOrder("fan-1: one", "fan-1: two", "fan-2: one", "fan-2: two");
  }

  @Test
  void isCompletedByKubectl() throws Exception {
    Result result =
        Programs.kubectl(
            system, "", "__complete", "orchard", "exec", "--server", "kubernetes", "thr");
    assertThat(result.stdout().lines()).contains("through", ":4");
  }
}
