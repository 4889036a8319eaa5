package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;

/** Refusals as Kubernetes' clients know them. */
final class KubernetesStatus {
  private KubernetesStatus() {}

  static Status of(ApiException refusal) {
    return new StatusBuilder()
        .withNewMetadata()
        .endMetadata()
        .withStatus("Failure")
        .withCode(refusal.status())
        .withReason(reason(refusal.status()))
        .withMessage(refusal.detail())
        .withNewDetails()
        .withRetryAfterSeconds(
            refusal.retryAfter().map(wait -> (int) wait.toSeconds()).orElse(null))
        // Our own stable word, for programs that know it.
        .addNewCause(null, refusal.detail(), refusal.type())
        .endDetails()
        .build();
  }

  /** Kubernetes' closed list has none for the others. */
  private static String reason(int status) {
    return switch (status) {
      case 400 -> "BadRequest";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "NotFound";
      case 405 -> "MethodNotAllowed";
      case 408, 504 -> "Timeout";
      case 409 -> "Conflict";
      case 413 -> "RequestEntityTooLarge";
      case 429 -> "TooManyRequests";
      case 500 -> "InternalError";
      case 503 -> "ServiceUnavailable";
      default -> "";
    };
  }
}
