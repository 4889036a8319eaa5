package dev.orchard.dev.cluster.embedded;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.mockwebserver.http.MockResponse;

/** A refusal in the form in which Kubernetes' clients expect one. */
record Status(int code, String reason, String message) {
  static final Status UNAUTHORIZED = new Status(401, "Unauthorized", "Unauthorized");

  MockResponse response() {
    return new MockResponse()
        .setResponseCode(code)
        .setBody(
            JsonNodeFactory.instance
                .objectNode()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Failure")
                .put("reason", reason)
                .put("code", code)
                .put("message", message)
                .toString());
  }
}
