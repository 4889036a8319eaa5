package dev.orchard.controller.web;

import java.time.Duration;
import java.util.Set;

/**
 * What others may do to the HTTP API.
 *
 * @param allowedOrigins of pages whose scripts may use it, each as a browser sends it
 * @param requestsPerCaller requests and streams that one caller may have under way
 * @param startsPerCaller commands whose start one caller may wait for
 * @param request for the TLS handshake and for each request's headers to be there
 * @param silence of a client whose body is being read
 */
public record HttpLimits(
    Set<String> allowedOrigins,
    int requestsPerCaller,
    int startsPerCaller,
    Duration request,
    Duration silence) {
  /** No browser; as many streams as one user may have execs, and as many starts as one VM. */
  public static final HttpLimits DEFAULT =
      new HttpLimits(Set.of(), 200, 64, Duration.ofSeconds(10), Duration.ofSeconds(60));

  public HttpLimits {
    allowedOrigins = Set.copyOf(allowedOrigins);
  }

  public HttpLimits withAllowedOrigins(Set<String> origins) {
    return new HttpLimits(origins, requestsPerCaller, startsPerCaller, request, silence);
  }

  public HttpLimits withPerCaller(int requests, int starts) {
    return new HttpLimits(allowedOrigins, requests, starts, request, silence);
  }

  public HttpLimits withPatience(Duration headers, Duration body) {
    return new HttpLimits(allowedOrigins, requestsPerCaller, startsPerCaller, headers, body);
  }
}
