package dev.orchard.dev.cluster;

import io.fabric8.kubernetes.api.model.APIService;
import io.fabric8.kubernetes.api.model.APIServiceBuilder;
import io.fabric8.kubernetes.api.model.APIServiceCondition;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** Makes an API server pass the group of execs on to the controller of this machine. */
public final class Aggregation {
  /** What the controller's certificate has to be good for. */
  public static final String SERVER_NAME =
      Aggregation.SERVICE + "." + Preparation.NAMESPACE + ".svc";

  private static final String SERVICE = "orchard-controller";
  private static final String GROUP = "subresources.orchard.dev";
  private static final String VERSION = "v1alpha1";
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(100);

  private Aggregation() {}

  /**
   * Registers the group and returns when the API server has reached the controller.
   *
   * @param port of the controller's HTTP API on the loopback interface
   * @param authority PEM of whoever signed its certificate
   */
  public static void register(KubernetesClient client, int port, String authority, Clock clock) {
    // There is no network of a cluster here: the name alone leads back to this machine.
    client
        .resource(
            new ServiceBuilder()
                .withNewMetadata()
                .withName(SERVICE)
                .withNamespace(Preparation.NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .withType("ExternalName")
                .withExternalName("localhost")
                .endSpec()
                .build())
        .serverSideApply();
    APIService wanted =
        new APIServiceBuilder()
            .withNewMetadata()
            .withName(VERSION + "." + GROUP)
            .endMetadata()
            .withNewSpec()
            .withGroup(GROUP)
            .withVersion(VERSION)
            .withGroupPriorityMinimum(1000)
            .withVersionPriority(10)
            .withCaBundle(
                Base64.getEncoder().encodeToString(authority.getBytes(StandardCharsets.US_ASCII)))
            .withNewService(SERVICE, Preparation.NAMESPACE, port)
            .endSpec()
            .build();
    client.resource(wanted).forceConflicts().serverSideApply();
    awaitAvailable(client, clock);
  }

  private static void awaitAvailable(KubernetesClient client, Clock clock) {
    Instant deadline = clock.instant().plus(TIMEOUT);
    String path = "/apis/%s/%s".formatted(GROUP, VERSION);
    try {
      while (true) {
        String state = state(client);
        if (state.isEmpty() && Preparation.isServed(client, path)) {
          return;
        }
        if (clock.instant().isAfter(deadline)) {
          throw new IllegalStateException(
              "the API server does not pass %s on after %d s: %s"
                  .formatted(path, TIMEOUT.toSeconds(), state));
        }
        Thread.sleep(POLL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + path, e);
    }
  }

  /** Empty if it is available, else why it is not. */
  private static String state(KubernetesClient client) {
    APIService service = client.apiServices().withName(VERSION + "." + GROUP).get();
    List<APIServiceCondition> conditions =
        service == null || service.getStatus() == null
            ? List.of()
            : service.getStatus().getConditions();
    return conditions.stream()
        .filter(condition -> condition.getType().equals("Available"))
        .findFirst()
        .map(condition ->
            condition.getStatus().equals("True")
                ? ""
                : condition.getReason() + " " + condition.getMessage())
        .orElse("it has not looked yet");
  }
}
