package dev.orchard.controller.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
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
  static final String MEDIA_TYPE = "application/problem+json";
  private static final String TYPE_PREFIX = "urn:orchard:problem:";

  private final RequestDeadline deadline;

  private Problems(RequestDeadline deadline) {
    this.deadline = deadline;
  }

  static void register(HttpRouting.Builder routing, RequestDeadline deadline) {
    Problems problems = new Problems(deadline);
    routing.error(ApiException.class, problems::answer).error(Exception.class, problems::defect);
  }

  /** The body of a refusal. */
  static ObjectNode problem(int status, String type, String detail) {
    return JsonBody.JSON
        .createObjectNode()
        .put("type", TYPE_PREFIX + type)
        .put("title", type.replace('-', ' '))
        .put("status", status)
        .put("detail", detail)
        .put("message", detail);
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
    headers.put("Content-Type", MEDIA_TYPE);
    if (refusal.status() == 401) {
      headers.put("WWW-Authenticate", "Bearer realm=\"orchard\"");
    }
    ObjectNode problem = problem(refusal.status(), refusal.type(), refusal.detail());
    return new Answer(headers, ByteString.copyFrom(bytes(problem)));
  }

  private void answer(ServerRequest request, ServerResponse response, ApiException refusal) {
    if (response.isSent()) {
      return;
    }
    Answer answer = answer(request.path().path(), refusal);
    response.status(refusal.status());
    answer.headers.forEach(
        (name, value) -> response.headers().set(HeaderNames.create(name), value));
    if (!request.content().consumed()) {
      unread(request, response, refusal);
    }
    response.send(answer.body.toByteArray());
  }

  /**
   * Of a refused body Helidon takes the rest, so that the connection can go on: not for ever, and
   * not one in chunks, each of which it holds whole, or one that does not come.
   */
  private void unread(ServerRequest request, ServerResponse response, ApiException refusal) {
    if (request.headers().contains(HeaderValues.TRANSFER_ENCODING_CHUNKED)
        || refusal.type().equals(BodyStream.TIMEOUT)) {
      response.headers().set(HeaderValues.CONNECTION_CLOSE);
    } else {
      deadline.unread(request.remotePeer().address());
    }
  }

  private void defect(ServerRequest request, ServerResponse response, Exception failure) {
    answer(request, response, defect(request.path().path(), failure));
  }

  /** Logs a defect of ours, and is what the client is told of it. */
  static ApiException defect(String path, Exception failure) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    log.error("request failed id={} path={}", id, path, failure);
    return new ApiException(500, "internal", "a defect of the controller; its log names it " + id);
  }

  static byte[] bytes(Object json) {
    try {
      return JsonBody.JSON.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
