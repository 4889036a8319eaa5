package dev.orchard.controller.auth;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Optional;

/** Somebody who asks for something. */
public sealed interface Caller {
  /** Same for the same caller, and says nothing that would let anybody be taken for it. */
  String key();

  /** What objects are made with for the caller; never closed. */
  KubernetesClient client();

  /** Whom an object is made for, where {@link #client} is not the caller's own. */
  Optional<String> requestedBy();

  /**
   * Somebody with a token that the Kubernetes API has not judged yet.
   *
   * @param client speaks to the Kubernetes API with nothing but the caller's token
   */
  record Bearer(String key, KubernetesClient client) implements Caller {
    @Override
    public Optional<String> requestedBy() {
      return Optional.empty();
    }
  }

  /**
   * Somebody for whom the API server vouches, and of whom nothing else is known: whatever is done
   * for them is done with the controller's own rights, once theirs were asked for.
   *
   * @param client the controller's own
   */
  record Vouched(Identity identity, KubernetesClient client) implements Caller {
    @Override
    public String key() {
      return identity.digest();
    }

    @Override
    public Optional<String> requestedBy() {
      return Optional.of(identity.user());
    }
  }
}
