package dev.orchard.controller.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.problem.ApiException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where refusals become answers: problem+json, with Orchard's {@code message}. */
final class Problems {
  private static final Logger log = LoggerFactory.getLogger(Problems.class);
  private static final String TYPE_PREFIX = "urn:orchard:problem:";

  private Problems() {}

  static void register(HttpRouting.Builder routing) {
    routing
        .error(ApiException.class, (request, response, refusal) -> answer(response, refusal))
        .error(Exception.class, Problems::defect);
  }

  private static void answer(ServerResponse response, ApiException refusal) {
    if (response.isSent()) {
      return;
    }
    ObjectNode problem =
        JsonBody.JSON
            .createObjectNode()
            .put("type", TYPE_PREFIX + refusal.type())
            .put("title", refusal.type().replace('-', ' '))
            .put("status", refusal.status())
            .put("detail", refusal.detail())
            .put("message", refusal.detail());
    response.status(refusal.status());
    response.headers().set(HeaderNames.CONTENT_TYPE, "application/problem+json");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    if (refusal.status() == 401) {
      response.headers().set(HeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"orchard\"");
    }
    refusal
        .retryAfter()
        .ifPresent(wait ->
            response.headers().set(HeaderNames.RETRY_AFTER, Long.toString(wait.toSeconds())));
    response.send(bytes(problem));
  }

  private static void defect(ServerRequest request, ServerResponse response, Exception failure) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    log.error("request failed id={} path={}", id, request.path().path(), failure);
    answer(
        response,
        new ApiException(500, "internal", "a defect of the controller; its log names it " + id));
  }

  static byte[] bytes(Object json) {
    try {
      return JsonBody.JSON.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
