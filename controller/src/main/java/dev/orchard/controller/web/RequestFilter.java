package dev.orchard.controller.web;

import dev.orchard.controller.auth.Token;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.CallerPermits;
import dev.orchard.controller.ticket.Tickets;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What holds for every HTTP request, before its route and its body are looked at. */
final class RequestFilter implements Filter {
  private static final Header NO_SNIFF =
      HeaderValues.createCached("X-Content-Type-Options", "nosniff");

  /** Nothing in any of our paths needs more, and what has more may mean something elsewhere. */
  private static final Pattern PATH = Pattern.compile("/|(/[A-Za-z0-9][-A-Za-z0-9._]{0,252})+/?");

  private static final Set<String> CREDENTIALS =
      Set.of("token", "access_token", "bearer", "authorization", "password", "ticket");

  private static final String WORKERS = "/v1/worker/";

  private final Origins origins;
  private final Tickets tickets;
  private final CallerPermits requests;

  RequestFilter(Origins origins, Tickets tickets, CallerPermits requests) {
    this.origins = origins;
    this.tickets = tickets;
    this.requests = requests;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.headers().set(NO_SNIFF);
    String path = request.path().path();
    // No browser can show the API server's certificate, and some of its clients send an Origin.
    if (!Requests.comesThroughKubernetes(path) && origins.answered(request, response)) {
      return;
    }
    check(path, request.query());
    requireOneLength(request.headers());
    if (Requests.wantsUpgrade(request.headers())) {
      Requests.requireUpgradable(request.headers());
    }
    try (CallerPermits.Permit _ = permit(request.headers())) {
      chain.proceed();
    }
  }

  /**
   * The same for a WebSocket, before it is one.
   *
   * @return counts it for its caller; absent where it is not counted
   */
  CallerPermits.@Nullable Permit admitSocket(HttpPrologue prologue, Headers headers) {
    String path = prologue.uriPath().path();
    if (!Requests.comesThroughKubernetes(path)) {
      origins.require(headers);
    }
    check(path, prologue.query());
    Requests.requireUpgradable(headers);
    // A worker has a socket for each attachment of all its sessions.
    return path.startsWith(WORKERS) ? null : permit(headers);
  }

  private static void check(String path, UriQuery query) {
    if (!PATH.matcher(path).matches()) {
      throw ApiException.invalid(
          "path", "has a character or a part that no path of this API has, see docs/api.md");
    }
    refuseCredentials(query);
  }

  /** What two servers could see two ends of is no request. */
  private static void requireOneLength(Headers headers) {
    if (!headers.contains(HeaderNames.CONTENT_LENGTH)) {
      return;
    }
    if (headers.contains(HeaderNames.TRANSFER_ENCODING)
        || !headers.get(HeaderNames.CONTENT_LENGTH).values().matches("[0-9]{1,18}")) {
      throw ApiException.invalid(
          "Content-Length", "must be one number, and alone say where it ends");
    }
  }

  /**
   * Absent for those who come without a token or a ticket: they get nowhere, or through the API
   * server.
   */
  private CallerPermits.@Nullable Permit permit(Headers headers) {
    List<String> authorization = Requests.authorization(headers);
    if (!authorization.isEmpty()) {
      return requests.take(Token.of(authorization).digest());
    }
    String ticket = Requests.ticket(headers);
    return ticket.isEmpty() ? null : requests.take(tickets.verify(ticket).caller());
  }

  /** What stands in an address ends up in logs. */
  private static void refuseCredentials(UriQuery query) {
    for (String name : query.names()) {
      if (CREDENTIALS.contains(name.toLowerCase(Locale.ROOT))) {
        throw ApiException.invalid(
            name, "credentials are not taken from an address: send the header Authorization");
      }
    }
  }
}
