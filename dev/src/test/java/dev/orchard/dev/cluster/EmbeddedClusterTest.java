package dev.orchard.dev.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.dev.tls.CertificateAuthority;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
final class EmbeddedClusterTest {
  private static final String MANIFEST =
      """
      apiVersion: orchard.dev/v1alpha1
      kind: VM
      metadata:
        name: hello
      spec:
        image: %s
      """;

  @TempDir private Path folder;
  private Cluster cluster;
  private KubernetesClient client;

  @BeforeEach
  void start() {
    cluster =
        EmbeddedCluster.start(
            CertificateAuthority.in(folder.resolve("pki"), "ca", Clock.systemUTC()), "secret");
    client = cluster.access().newClient();
    Preparation.apply(client, Clock.systemUTC());
  }

  @AfterEach
  void stop() {
    client.close();
    cluster.close();
  }

  @Test
  void kubectlAppliesGetsWaitsForAndDeletes() throws Exception {
    Kubectl kubectl = new Kubectl(folder, cluster.access());

    assertThat(kubectl.runWithInput(MANIFEST.formatted("default"), "apply", "-f", "-"))
        .isEqualTo(new Kubectl.Result(0, "vm.orchard.dev/hello created\n"));
    assertThat(kubectl.runWithInput(MANIFEST.formatted("other"), "apply", "-f", "-"))
        .isEqualTo(new Kubectl.Result(0, "vm.orchard.dev/hello configured\n"));
    assertThat(
            kubectl.runWithInput(
                MANIFEST.formatted("third"),
                "apply",
                "--server-side",
                "--force-conflicts",
                "-f",
                "-"))
        .isEqualTo(new Kubectl.Result(0, "vm.orchard.dev/hello serverside-applied\n"));
    assertThat(kubectl.run("get", "vm", "hello", "-o", "jsonpath={.spec.image}"))
        .isEqualTo(new Kubectl.Result(0, "third"));
    assertThat(kubectl.run("get", "vms,vmx,workers").output()).contains("hello");
    assertThat(kubectl.run("wait", "vm/hello", "--for=jsonpath={.spec.image}=third"))
        .isEqualTo(new Kubectl.Result(0, "vm.orchard.dev/hello condition met\n"));
    assertThat(kubectl.run("delete", "vm", "hello").code()).isZero();
    assertThat(kubectl.run("get", "vm", "hello").output()).contains("NotFound");
  }

  @Test
  void kubectlSeesWhatChangesWhileItWatches() throws Exception {
    Kubectl kubectl = new Kubectl(folder, cluster.access());
    client.resource(vm("hello")).create();
    BlockingQueue<Kubectl.Result> waited = new LinkedBlockingQueue<>();
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                waited.add(
                    kubectl.run("wait", "vm/hello", "--for=jsonpath={.spec.powerState}=Stopped"));
              } catch (Exception e) {
                waited.add(new Kubectl.Result(-1, e.toString()));
              }
            });

    // Until it has seen the change: when it began to watch nobody can tell.
    while (waiter.isAlive()) {
      client
          .resources(VM.class)
          .inNamespace("default")
          .withName("hello")
          .edit(vm -> {
            vm.getMetadata().setAnnotations(Map.of("touched", "" + System.nanoTime()));
            vm.setSpec(vm.getSpec().withPowerState(PowerState.STOPPED));
            return vm;
          });
      waiter.join(Duration.ofMillis(200));
    }

    assertThat(waited.take())
        .isEqualTo(new Kubectl.Result(0, "vm.orchard.dev/hello condition met\n"));
  }

  @Test
  void refusesEveryOtherToken() throws Exception {
    ClusterAccess wrong =
        new ClusterAccess(cluster.access().server(), cluster.access().caCertificate(), "wrong");

    assertThat(new Kubectl(folder, wrong).run("get", "vms").output())
        .contains("provide credentials");
    try (KubernetesClient other = wrong.newClient()) {
      assertThat(
              catchThrowableOfType(KubernetesClientException.class, () -> other.namespaces().list())
                  .getCode())
          .isEqualTo(401);
    }
  }

  @Test
  void reviewsTheTokensThatItKnowsForTheirOwnAudienceOnly() {
    String token = Preparation.workerToken(client, "laptop");

    assertThat(review(token, "orchard-worker").getUser().getUsername())
        .isEqualTo("system:serviceaccount:orchard-system:laptop");
    assertThat(review(token, "orchard-worker").getAudiences()).containsExactly("orchard-worker");
    assertThat(review(token).getAuthenticated()).isFalse();
    assertThat(review("guessed", "orchard-worker").getAuthenticated()).isFalse();
    assertThat(review("secret").getUser().getGroups()).contains("system:masters");
  }

  @Test
  void allowsEverythingToWhoeverItLetsIn() {
    assertThat(
            client
                .resource(
                    new SelfSubjectAccessReviewBuilder()
                        .withNewSpec()
                        .withNewResourceAttributes()
                        .withVerb("create")
                        .withResource("vms")
                        .withSubresource("exec")
                        .endResourceAttributes()
                        .endSpec()
                        .build())
                .create()
                .getStatus()
                .getAllowed())
        .isTrue();
  }

  @Test
  void givesNoUidTwiceInItsLives() {
    String first = client.resource(vm("hello")).create().getMetadata().getUid();
    stop();
    start();

    assertThat(client.resource(vm("hello")).create().getMetadata().getUid()).isNotEqualTo(first);
  }

  @Test
  void keepsAnObjectUntilItsFinalizersAreGone() {
    VM vm = vm("hello");
    vm.getMetadata().setFinalizers(List.of("orchard.dev/worker"));
    client.resource(vm).create();

    client.resource(vm).delete();
    VM marked = client.resource(vm).get();
    assertThat(marked.getMetadata().getDeletionTimestamp()).isNotNull();

    marked.getMetadata().setFinalizers(List.of());
    client.resource(marked).update();
    assertThat(client.resource(vm).get()).isNull();
  }

  @Test
  void refusesAStatusThatWasDecidedOnAnOlderVersion() {
    VM read = client.resource(vm("hello")).create();
    VM other = client.resource(read).get();
    other.setStatus(VMStatus.EMPTY.withWorkerName("first"));
    client.resource(other).updateStatus();

    read.setStatus(VMStatus.EMPTY.withWorkerName("second"));
    assertThat(
            catchThrowableOfType(
                    KubernetesClientException.class, () -> client.resource(read).updateStatus())
                .getCode())
        .isEqualTo(409);
    assertThat(client.resource(read).get().statusOrEmpty().workerName()).isEqualTo("first");
  }

  private TokenReviewStatus review(String token, String... audiences) {
    TokenReview review =
        new TokenReviewBuilder()
            .withNewSpec()
            .withToken(token)
            .withAudiences(audiences)
            .endSpec()
            .build();
    return client.resource(review).create().getStatus();
  }

  private static VM vm(String name) {
    VM vm = new VM();
    vm.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    vm.setSpec(VMSpec.ofImage("default"));
    return vm;
  }
}
