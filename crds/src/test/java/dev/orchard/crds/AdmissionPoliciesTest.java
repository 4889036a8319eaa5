package dev.orchard.crds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.orchard.crds.testing.ApiServer;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who may create a VMExec, and in whose name, on a real API server. */
class AdmissionPoliciesTest {
  @RegisterExtension static final ApiServer API = new ApiServer();

  private static final PolicyRule CREATE = rule("orchard.dev", "vmexecs");
  private static final PolicyRule EXEC = rule("subresources.orchard.dev", "vms/exec");
  private static final PolicyRule REQUESTED_BY =
      rule("subresources.orchard.dev", "vmexecs/requestedby");

  private String namespace = "";

  @BeforeAll
  static void applyPolicies() {
    AdmissionPolicies.load()
        .forEach(policy -> API.client().resource(policy).forceConflicts().serverSideApply());
    String namespace = API.namespace("enforced");
    grant(namespace, "early", CREATE);
    // Of several policies that refuse the API server names one: this user is refused by one alone.
    grant(namespace, "posing", CREATE, EXEC);
    // The API server takes a moment to enforce a policy that was just made.
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThatThrownBy(() -> create(namespace, "early", null, "hello"))
                .isInstanceOf(KubernetesClientException.class));
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThatThrownBy(() -> create(namespace, "posing", "other", "hello"))
                .hasMessageContaining("spec.requestedBy"));
  }

  @BeforeEach
  void namespace() {
    namespace = API.namespace("admission");
  }

  @Test
  void refuseACreatorWhoMayNotRunCommandsInTheVm() {
    grant(namespace, "alice", CREATE);

    assertThatThrownBy(() -> create(namespace, "alice", null, "hello"))
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(403))
        .hasMessageContaining("vms/exec")
        .hasMessageContaining("hello in namespace " + namespace);
  }

  @Test
  void refuseTheRightForAnotherVm() {
    grant(
        namespace, "alice", CREATE, new PolicyRuleBuilder(EXEC).withResourceNames("mine").build());

    assertThatCode(() -> create(namespace, "alice", null, "mine")).doesNotThrowAnyException();
    assertThatThrownBy(() -> create(namespace, "alice", null, "theirs"))
        .hasMessageContaining("theirs");
  }

  @Test
  void letACreatorNameItselfAlone() {
    grant(namespace, "alice", CREATE, EXEC);

    assertThatCode(() -> create(namespace, "alice", "alice", "hello")).doesNotThrowAnyException();
    assertThatThrownBy(() -> create(namespace, "alice", "bob", "hello"))
        .hasMessageContaining("spec.requestedBy: must be your own name, alice, or absent");
  }

  @Test
  void letTheControllerNameOthers() {
    grant(namespace, "controller", CREATE, EXEC, REQUESTED_BY);

    assertThatCode(() -> create(namespace, "controller", "bob", "hello"))
        .doesNotThrowAnyException();
  }

  private static PolicyRule rule(String group, String resource) {
    return new PolicyRuleBuilder()
        .withApiGroups(group)
        .withResources(resource)
        .withVerbs("create")
        .build();
  }

  private static void grant(String namespace, String user, PolicyRule... rules) {
    API.client()
        .resource(
            new RoleBuilder()
                .withNewMetadata()
                .withName(user)
                .withNamespace(namespace)
                .endMetadata()
                .withRules(List.of(rules))
                .build())
        .create();
    API.client()
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withName(user)
                .withNamespace(namespace)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", user)
                .addNewSubject("rbac.authorization.k8s.io", "User", user, null)
                .build())
        .create();
  }

  private static void create(
      String namespace, String user, @Nullable String requestedBy, String vm) {
    Config config =
        new ConfigBuilder(API.client().getConfiguration()).withImpersonateUsername(user).build();
    VMExec exec = new VMExec();
    exec.getMetadata().setGenerateName("exec-");
    exec.getMetadata().setNamespace(namespace);
    exec.setSpec(VMExecSpec.of(vm, List.of("true")).requestedBy(requestedBy).build());
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      client.resource(exec).create();
    }
  }
}
