package dev.orchard.controller.auth;

import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributes;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Asks the Kubernetes API what a caller may do: with the caller's own token, or in the controller's
 * name about somebody for whom the API server vouches. Fails closed.
 */
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

  /**
   * Whether a caller who had these rights still has them, as far as anybody can say: false where
   * the caller's token is not known any more, which does not mean that the caller is not.
   *
   * @throws ApiException 403
   */
  public boolean stillHas(Caller caller, Set<Right> rights, String namespace, String name) {
    try {
      rights.forEach(right -> require(caller, right, namespace, name));
      return true;
    } catch (ApiException e) {
      if (e.status() == 403) {
        throw e;
      }
      return e.status() != 401;
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
    ResourceAttributes action =
        new ResourceAttributesBuilder()
            .withGroup(Right.GROUP)
            .withVerb(right.verb)
            .withResource(right.resource)
            .withSubresource(right.subresource)
            .withNamespace(namespace)
            .withName(name)
            .build();
    SubjectAccessReviewStatus status =
        KubernetesApi.call(() ->
            switch (caller) {
              case Caller.Bearer(_, KubernetesClient client) -> reviewOfSelf(client, action);
              case Caller.Vouched(Identity identity, KubernetesClient own) ->
                  reviewOf(identity, own, action);
            });
    return status != null && Boolean.TRUE.equals(status.getAllowed());
  }

  private static @Nullable SubjectAccessReviewStatus reviewOfSelf(
      KubernetesClient client, ResourceAttributes action) {
    SelfSubjectAccessReview review =
        new SelfSubjectAccessReviewBuilder()
            .withNewSpec()
            .withResourceAttributes(action)
            .endSpec()
            .build();
    return client.authorization().v1().selfSubjectAccessReview().create(review).getStatus();
  }

  private static @Nullable SubjectAccessReviewStatus reviewOf(
      Identity identity, KubernetesClient own, ResourceAttributes action) {
    SubjectAccessReview review =
        new SubjectAccessReviewBuilder()
            .withNewSpec()
            .withUser(identity.user())
            .withUid(identity.uid().isEmpty() ? null : identity.uid())
            .withGroups(identity.groups())
            .withExtra(identity.extra())
            .withResourceAttributes(action)
            .endSpec()
            .build();
    return own.authorization().v1().subjectAccessReview().create(review).getStatus();
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
