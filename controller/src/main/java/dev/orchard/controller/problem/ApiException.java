package dev.orchard.controller.problem;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request refused before its first frame: the HTTP status, a stable word for programs ({@link
 * #type()}) and a message for people that names the thing, the value and the remedy.
 */
public final class ApiException extends RuntimeException {
  /** Type of a creation's refusal because there is an object of that name. */
  public static final String ALREADY_EXISTS = "already-exists";

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String type;
  private final @Nullable Duration retryAfter;

  private ApiException(int status, String type, String message, @Nullable Duration retryAfter) {
    super(message);
    this.status = status;
    this.type = type;
    this.retryAfter = retryAfter;
  }

  public ApiException(int status, String type, String message) {
    this(status, type, message, null);
  }

  /** A field of the body or a query parameter is not what it should be. */
  public static ApiException invalid(String field, String why) {
    return new ApiException(400, "invalid-request", field + ": " + why);
  }

  public static ApiException unauthenticated(String message) {
    return new ApiException(401, "unauthenticated", message);
  }

  public static ApiException forbidden(String message) {
    return new ApiException(403, "forbidden", message);
  }

  public static ApiException notFound(String kind, String namespace, String name) {
    return new ApiException(
        404, kind + "-not-found", "%s %s is not in namespace %s".formatted(kind, name, namespace));
  }

  public static ApiException conflict(String type, String message) {
    return new ApiException(409, type, message);
  }

  /** Worth the same request again after {@code retryAfter}. */
  public static ApiException unavailable(String type, String message, Duration retryAfter) {
    return new ApiException(503, type, message, retryAfter);
  }

  /** More than one caller may have: worth the same request again after {@code retryAfter}. */
  public static ApiException tooMany(String message, Duration retryAfter) {
    return new ApiException(429, "too-many-requests", message, retryAfter);
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** The stable word, in kebab case; docs/api.md lists them. */
  public String type() {
    return type;
  }

  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** The message, which every instance has. */
  public String detail() {
    return String.valueOf(getMessage());
  }
}
