package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which pages' scripts may use the API: none that is not listed, by scheme, host and port. There
 * are no cookies here, so a listed page still needs credentials of its own.
 */
public final class Origins {
  private static final HeaderName REQUESTED_METHOD =
      HeaderNames.create("Access-Control-Request-Method");
  private static final HeaderName ALLOW_ORIGIN = HeaderNames.create("Access-Control-Allow-Origin");
  private static final HeaderName ALLOW_METHODS =
      HeaderNames.create("Access-Control-Allow-Methods");
  private static final HeaderName ALLOW_HEADERS =
      HeaderNames.create("Access-Control-Allow-Headers");
  private static final HeaderName EXPOSE_HEADERS =
      HeaderNames.create("Access-Control-Expose-Headers");

  private final Set<String> allowed;

  Origins(Set<String> allowed) {
    this.allowed = allowed;
  }

  /**
   * Reads a list with commas, each as a browser sends it.
   *
   * @throws IllegalArgumentException for what is no origin
   */
  public static Set<String> parse(String list) {
    return Arrays.stream(list.split(","))
        .map(String::strip)
        .filter(origin -> !origin.isEmpty())
        .map(Origins::normal)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static String normal(String origin) {
    String text = origin.toLowerCase(Locale.ROOT);
    URI uri = URI.create(text);
    boolean web = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
    if (!web
        || uri.getHost() == null
        || uri.getUserInfo() != null
        || !text.equals(uri.getScheme() + "://" + uri.getAuthority())) {
      throw new IllegalArgumentException(
          origin + " is no origin: write scheme://host or scheme://host:port, without a path");
    }
    // A browser leaves the usual port out.
    int usual = "https".equals(uri.getScheme()) ? 443 : 80;
    return uri.getPort() == usual ? uri.getScheme() + "://" + uri.getHost() : text;
  }

  /** Returns if no page made the request, or a listed one. */
  void require(Headers headers) {
    if (!headers.contains(HeaderNames.ORIGIN)) {
      return;
    }
    List<String> origins = headers.get(HeaderNames.ORIGIN).allValues();
    if (origins.size() != 1 || !allowed.contains(origins.getFirst())) {
      throw new ApiException(
          403, "origin-refused", "no page of this origin may use the API: it is not listed");
    }
  }

  /**
   * Lets a request pass that no page made, or a listed one.
   *
   * @return whether it was answered: a browser's question before the request itself
   */
  boolean answered(ServerRequest request, ServerResponse response) {
    Headers headers = request.headers();
    if (!headers.contains(HeaderNames.ORIGIN)) {
      return false;
    }
    require(headers);
    response.headers().set(ALLOW_ORIGIN, headers.get(HeaderNames.ORIGIN).get());
    response.headers().add(HeaderNames.VARY, "Origin");
    response.headers().set(EXPOSE_HEADERS, "Location, Retry-After, Preference-Applied");
    if (!request.prologue().method().equals(Method.OPTIONS)
        || !headers.contains(REQUESTED_METHOD)) {
      return false;
    }
    response.headers().set(ALLOW_METHODS, "GET, POST, PUT, DELETE");
    response
        .headers()
        .set(
            ALLOW_HEADERS,
            "Authorization, Content-Type, Accept, Prefer, Last-Event-ID, Orchard-Ticket");
    response.status(204).send();
    return true;
  }
}
