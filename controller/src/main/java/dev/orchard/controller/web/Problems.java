package dev.orchard.controller.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where refusals become answers: problem+json, with Orchard's {@code message}. */
final class Problems {
  private static final Logger log = LoggerFactory.getLogger(Problems.class);
  private static final String TYPE_PREFIX = "urn:orchard:problem:";

  private Problems() {}

  static void register(HttpRouting.Builder routing) {
    routing.error(ApiException.class, Problems::answer).error(Exception.class, Problems::defect);
  }

  /**
   * A refusal as it goes out.
   *
   * @param headers but for the body's length
   */
  record Answer(Map<String, String> headers, ByteString body) {}

  /** Whoever comes through the Kubernetes API gets what its clients know, others problem+json. */
  static Answer answer(String path, ApiException refusal) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Cache-Control", "no-store");
    refusal
        .retryAfter()
        .ifPresent(wait -> headers.put("Retry-After", Long.toString(wait.toSeconds())));
    if (Requests.comesThroughKubernetes(path)) {
      headers.put("Content-Type", "application/json");
      return new Answer(headers, ByteString.copyFrom(bytes(KubernetesStatus.of(refusal))));
    }
    headers.put("Content-Type", "application/problem+json");
    if (refusal.status() == 401) {
      headers.put("WWW-Authenticate", "Bearer realm=\"orchard\"");
    }
    ObjectNode problem =
        JsonBody.JSON
            .createObjectNode()
            .put("type", TYPE_PREFIX + refusal.type())
            .put("title", refusal.type().replace('-', ' '))
            .put("status", refusal.status())
            .put("detail", refusal.detail())
            .put("message", refusal.detail());
    return new Answer(headers, ByteString.copyFrom(bytes(problem)));
  }

  private static void answer(ServerRequest request, ServerResponse response, ApiException refusal) {
    if (response.isSent()) {
      return;
    }
    Answer answer = answer(request.path().path(), refusal);
    response.status(refusal.status());
    answer.headers.forEach(
        (name, value) -> response.headers().set(HeaderNames.create(name), value));
    response.send(answer.body.toByteArray());
  }

  private static void defect(ServerRequest request, ServerResponse response, Exception failure) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    log.error("request failed id={} path={}", id, request.path().path(), failure);
    answer(
        request,
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
