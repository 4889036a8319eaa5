package dev.orchard.controller.auth;

import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** Asks the Kubernetes API, with the caller's own token, what the caller may do. Fails closed. */
public final class Access {
  private static final Duration ALLOWED_FOR = Duration.ofSeconds(10);
  private static final int KEPT = 4096;

  private record Question(String caller, Right right, String namespace, String name) {}

  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Question, Instant> allowed =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Question, Instant> eldest) {
          return size() > KEPT;
        }
      };

  public Access(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Returns if the caller has the right.
   *
   * @param name of the VM or the session, see {@link Right}
   * @throws ApiException 401, 403 or 503
   */
  public void require(Caller caller, Right right, String namespace, String name) {
    Question question = new Question(caller.key(), right, namespace, name);
    if (right.cacheable() && remembered(question)) {
      return;
    }
    if (!review(caller, right, namespace, name)) {
      throw ApiException.forbidden(
          "you may not %s %s/%s of group %s for %s in namespace %s: ask for a role with that rule"
              .formatted(
                  right.verb, right.resource, right.subresource, Right.GROUP, name, namespace));
    }
    if (right.cacheable()) {
      remember(question);
    }
  }

  /** Returns if the Kubernetes API knows the caller's token, whatever it allows. */
  public void requireKnown(Caller caller) {
    Question question = new Question(caller.key(), Right.READ, "", "");
    if (!remembered(question)) {
      review(caller, Right.READ, "", "");
      remember(question);
    }
  }

  private static boolean review(Caller caller, Right right, String namespace, String name) {
    SelfSubjectAccessReview review =
        new SelfSubjectAccessReviewBuilder()
            .withNewSpec()
            .withResourceAttributes(
                new ResourceAttributesBuilder()
                    .withGroup(Right.GROUP)
                    .withVerb(right.verb)
                    .withResource(right.resource)
                    .withSubresource(right.subresource)
                    .withNamespace(namespace)
                    .withName(name)
                    .build())
            .endSpec()
            .build();
    SubjectAccessReviewStatus status =
        KubernetesApi.call(() ->
            caller
                .client()
                .authorization()
                .v1()
                .selfSubjectAccessReview()
                .create(review)
                .getStatus());
    return status != null && Boolean.TRUE.equals(status.getAllowed());
  }

  private boolean remembered(Question question) {
    lock.lock();
    try {
      Instant until = allowed.get(question);
      return until != null && clock.instant().isBefore(until);
    } finally {
      lock.unlock();
    }
  }

  private void remember(Question question) {
    lock.lock();
    try {
      // Removed first, so that the map stays in order of age and forgets the oldest.
      allowed.remove(question);
      allowed.put(question, clock.instant().plus(ALLOWED_FOR));
    } finally {
      lock.unlock();
    }
  }
}
