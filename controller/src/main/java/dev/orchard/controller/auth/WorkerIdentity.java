package dev.orchard.controller.auth;

import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Optional;

/**
 * Who a worker is: the ServiceAccount of its token, which must be made for the audience {@code
 * orchard-worker}, so that no other token of the cluster speaks for a worker.
 */
public final class WorkerIdentity {
  static final String AUDIENCE = "orchard-worker";

  private final KubernetesClient own;
  private final String prefix;

  /** Workers' ServiceAccounts live in {@code namespace}. */
  public WorkerIdentity(KubernetesClient own, String namespace) {
    this.own = own;
    this.prefix = "system:serviceaccount:" + namespace + ":";
  }

  /**
   * The name of the worker that holds the token, or empty if nobody does.
   *
   * @throws io.fabric8.kubernetes.client.KubernetesClientException if the API is away
   */
  public Optional<String> worker(String token) {
    if (token.isEmpty()) {
      return Optional.empty();
    }
    TokenReview review =
        new TokenReviewBuilder()
            .withNewSpec()
            .withToken(token)
            .withAudiences(AUDIENCE)
            .endSpec()
            .build();
    TokenReviewStatus status = own.authentication().v1().tokenReviews().create(review).getStatus();
    if (status == null
        || !Boolean.TRUE.equals(status.getAuthenticated())
        || !Optional.ofNullable(status.getAudiences()).orElse(List.of()).contains(AUDIENCE)
        || status.getUser() == null
        || !status.getUser().getUsername().startsWith(prefix)) {
      return Optional.empty();
    }
    return Optional.of(status.getUser().getUsername().substring(prefix.length()));
  }
}
