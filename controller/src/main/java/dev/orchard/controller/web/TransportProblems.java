package dev.orchard.controller.web;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;

/** Helidon's own refusals, of what is not even a request, in the form of all others. */
final class TransportProblems implements DirectHandler {
  private static final int UNSUPPORTED_MEDIA_TYPE = 415;

  private TransportProblems() {}

  static DirectHandlers handlers() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    TransportProblems problems = new TransportProblems();
    for (EventType type : EventType.values()) {
      handlers.addHandler(type, problems);
    }
    return handlers.build();
  }

  @Override
  public TransportResponse handle(
      TransportRequest request,
      EventType eventType,
      Status defaultStatus,
      ServerResponseHeaders responseHeaders,
      String message) {
    int status = status(request, defaultStatus.code());
    responseHeaders.set(HeaderNames.CONTENT_TYPE, Problems.MEDIA_TYPE);
    responseHeaders.set(HeaderNames.CACHE_CONTROL, "no-store");
    if (status == 503) {
      responseHeaders.set(HeaderNames.RETRY_AFTER, "1");
    }
    return TransportResponse.builder()
        .status(Status.create(status))
        .headers(responseHeaders)
        .keepAlive(false)
        .entity(Problems.bytes(Problems.problem(status, type(status), detail(status))))
        .build();
  }

  /**
   * Helidon has one status for several things, and takes a method that is none for a failure of its
   * own. What fails in a route or an upgrade never comes here.
   */
  private static int status(TransportRequest request, int status) {
    return switch (status) {
      case 400 ->
          request.headers().contains(HeaderNames.CONTENT_ENCODING) ? UNSUPPORTED_MEDIA_TYPE : 400;
      case 500 -> 400;
      default -> status;
    };
  }

  private static String type(int status) {
    return switch (status) {
      case 403 -> "origin-refused";
      case 413 -> "too-large";
      case 414 -> "uri-too-long";
      case UNSUPPORTED_MEDIA_TYPE -> "unsupported-encoding";
      case 503 -> "overloaded";
      case 505 -> "http-version";
      default -> "invalid-request";
    };
  }

  private static String detail(int status) {
    return switch (status) {
      case 403 -> "no page of this origin may use the API: it is not listed";
      case 413 ->
          "a body has at most %d bytes: send stdin by several POST …/stdin"
              .formatted(HttpApi.MAX_BODY_BYTES);
      case 414 -> "the request line is longer than %d bytes".formatted(HttpApi.MAX_PROLOGUE_BYTES);
      case UNSUPPORTED_MEDIA_TYPE -> "Content-Encoding: send the body as it is";
      case 503 -> "too many requests are under way: try again, or another replica";
      case 505 -> "only HTTP/1.1 is spoken here";
      default -> "the request line, a header or the form of the body is not as HTTP has it";
    };
  }
}
