package dev.orchard.controller.auth;

import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.function.Supplier;

/** The one place that turns the Kubernetes API's refusals of a caller into ours. */
public final class KubernetesApi {
  /** Type of a refusal because nobody could be asked. */
  public static final String UNAVAILABLE = "kubernetes-unavailable";

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);
  private static final String ALREADY_EXISTS = "AlreadyExists";

  private KubernetesApi() {}

  /**
   * Runs one call with the caller's credentials.
   *
   * @throws ApiException with the API server's own status and words where it refused the caller
   */
  public static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (KubernetesClientException e) {
      throw refusal(e);
    }
  }

  /** Whether the API server itself answered, with whatever status. */
  public static boolean answered(KubernetesClientException e) {
    return e.getCode() > 0 && e.getCode() < 500;
  }

  private static Duration retryAfter(KubernetesClientException e) {
    StatusDetails details = e.getStatus() == null ? null : e.getStatus().getDetails();
    Integer seconds = details == null ? null : details.getRetryAfterSeconds();
    return seconds == null || seconds < 1 ? RETRY_AFTER : Duration.ofSeconds(seconds);
  }

  private static ApiException refusal(KubernetesClientException e) {
    String words = e.getStatus() == null ? e.getMessage() : e.getStatus().getMessage();
    String message = "the Kubernetes API says: " + words;
    return switch (e.getCode()) {
      case 401 ->
          ApiException.unauthenticated("the Kubernetes API does not know the token: renew it");
      case 403 -> ApiException.forbidden(message);
      case 404 -> new ApiException(404, "not-found", message);
      case 409 ->
          ApiException.conflict(
              e.getStatus() != null && ALREADY_EXISTS.equals(e.getStatus().getReason())
                  ? ApiException.ALREADY_EXISTS
                  : "conflict",
              message);
      case 400, 422 -> new ApiException(400, "invalid-request", message);
      case 413 -> new ApiException(413, "too-large", message);
      case 429 -> ApiException.tooMany(message, retryAfter(e));
      default -> unavailable();
    };
  }

  /** The refusal while it does not answer. */
  public static ApiException unavailable() {
    return ApiException.unavailable(
        UNAVAILABLE, "the Kubernetes API does not answer; try again", RETRY_AFTER);
  }
}
