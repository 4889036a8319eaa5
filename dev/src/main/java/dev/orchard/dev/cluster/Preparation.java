package dev.orchard.dev.cluster;

import dev.orchard.crds.AdmissionPolicies;
import dev.orchard.crds.CrdManifests;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What the parts expect to find in a cluster: the CRDs with their policies, their namespace, the
 * workers' accounts.
 */
public final class Preparation {
  public static final String NAMESPACE = "orchard-system";

  /** Whom a worker shows its token to: the controller, never the API server. */
  private static final String WORKER_AUDIENCE = "orchard-worker";

  // Renewed at each start; for as long as anybody leaves dev running.
  private static final Duration TOKEN_LIFETIME = Duration.ofDays(365);
  private static final Duration SERVED_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(50);

  private Preparation() {}

  /** Applies the CRDs, their policies and the namespace; returns when the API serves the CRDs. */
  public static void apply(KubernetesClient client, Clock clock) {
    namespace(client);
    List<CustomResourceDefinition> definitions = CrdManifests.load();
    definitions.forEach(
        definition -> client.resource(definition).forceConflicts().serverSideApply());
    AdmissionPolicies.load()
        .forEach(policy -> client.resource(policy).forceConflicts().serverSideApply());
    definitions.forEach(definition -> awaitServed(client, definition, clock));
  }

  /** A token for the worker's service account of the worker's own name, to register with. */
  public static String workerToken(KubernetesClient client, String worker) {
    client
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withName(worker)
                .withNamespace(NAMESPACE)
                .endMetadata()
                .build())
        .serverSideApply();
    return token(client, worker, WORKER_AUDIENCE);
  }

  static void namespace(KubernetesClient client) {
    client
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(NAMESPACE).endMetadata().build())
        .serverSideApply();
  }

  static String token(KubernetesClient client, String serviceAccount, String... audiences) {
    TokenRequest request =
        new TokenRequestBuilder()
            .withNewSpec()
            .withAudiences(audiences)
            .withExpirationSeconds(TOKEN_LIFETIME.toSeconds())
            .endSpec()
            .build();
    return client
        .serviceAccounts()
        .inNamespace(NAMESPACE)
        .withName(serviceAccount)
        .tokenRequest(request)
        .getStatus()
        .getToken();
  }

  private static void awaitServed(
      KubernetesClient client, CustomResourceDefinition definition, Clock clock) {
    String path =
        "/apis/%s/%s/%s"
            .formatted(
                definition.getSpec().getGroup(),
                definition.getSpec().getVersions().getFirst().getName(),
                definition.getSpec().getNames().getPlural());
    Instant deadline = clock.instant().plus(SERVED_TIMEOUT);
    try {
      while (!isServed(client, path)) {
        if (clock.instant().isAfter(deadline)) {
          throw new IllegalStateException(
              "%s does not serve %s %d s after its CRD was applied"
                  .formatted(client.getMasterUrl(), path, SERVED_TIMEOUT.toSeconds()));
        }
        Thread.sleep(POLL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + path, e);
    }
  }

  static boolean isServed(KubernetesClient client, String path) {
    try {
      return client.raw(path) != null;
    } catch (KubernetesClientException e) {
      // 503: of a group that is passed on, and nobody answers there yet.
      if (e.getCode() == 404 || e.getCode() == 503) {
        return false;
      }
      throw e;
    }
  }
}
