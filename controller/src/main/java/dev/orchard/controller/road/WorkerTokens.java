package dev.orchard.controller.road;

import dev.orchard.controller.auth.WorkerIdentity;
import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whose token it is. What the Kubernetes API has said of a linked worker's token counts as long as
 * the link, so that attachments go on while the API is away.
 */
final class WorkerTokens {
  private static final String SCHEME = "Bearer ";
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final WorkerIdentity identity;

  /** The digest of each worker's newest token. */
  private final Map<String, String> known = new ConcurrentHashMap<>();

  /** How many links each has now: two for a moment, when it dials whom it has. */
  private final Map<String, Integer> links = new ConcurrentHashMap<>();

  WorkerTokens(WorkerIdentity identity) {
    this.identity = identity;
  }

  /** The worker that a header {@code Authorization} is of; 401 or 503 if that is not known. */
  String worker(List<String> authorization) {
    String token =
        authorization.size() == 1 && authorization.getFirst().startsWith(SCHEME)
            ? authorization.getFirst().substring(SCHEME.length())
            : "";
    String digest = digest(token);
    Optional<String> remembered =
        known.entrySet().stream()
            .filter(entry -> entry.getValue().equals(digest))
            .map(Map.Entry::getKey)
            .findFirst();
    String worker = remembered.orElseGet(() -> review(token));
    known.put(worker, digest);
    return worker;
  }

  private String review(String token) {
    try {
      return identity
          .worker(token)
          .orElseThrow(() ->
              ApiException.unauthenticated(
                  "the token is of no worker: it needs the audience orchard-worker and a"
                      + " ServiceAccount in the workers' namespace"));
    } catch (KubernetesClientException e) {
      throw ApiException.unavailable(
          "kubernetes-unavailable", "the Kubernetes API does not answer; try again", RETRY_AFTER);
    }
  }

  /** The worker has one link more. */
  void linked(String worker) {
    links.merge(worker, 1, Integer::sum);
  }

  /** The worker has one link fewer; nothing is known without any. */
  void unlinked(String worker) {
    if (links.computeIfPresent(worker, (_, count) -> count == 1 ? null : count - 1) == null) {
      known.remove(worker);
    }
  }

  private static String digest(String token) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
