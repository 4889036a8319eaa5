package dev.orchard.dev.cluster.embedded;

import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import io.vertx.core.http.HttpServerResponse;

/**
 * A watch as kubectl asks for it: what goes to other clients as WebSocket messages becomes the
 * lines of a response without end.
 */
final class WatchStream implements WebSocket {
  private final RecordedRequest request;
  private final HttpServerResponse response;

  private WatchStream(RecordedRequest request, HttpServerResponse response) {
    this.request = request;
    this.response = response;
  }

  /**
   * Answers the request.
   *
   * @param answer asks for an upgrade to a WebSocket, whose listener is then told what happens
   *     here; else it is a refusal
   */
  static void open(RecordedRequest request, MockResponse answer, HttpServerResponse response) {
    response.setStatusCode(answer.code()).putHeader("Content-Type", "application/json");
    WebSocketListener events = answer.getWebSocketListener();
    if (events == null) {
      response.end(answer.getBody().readUtf8());
      return;
    }
    WatchStream stream = new WatchStream(request, response);
    response.closeHandler(_ -> events.onClosed(stream, 1000, "closed by the client"));
    // The headers must not wait for an event: a client takes them as the sign that the watch
    // stands.
    response.setStatusCode(200).setChunked(true).write("");
    events.onOpen(stream, answer);
  }

  @Override
  public RecordedRequest request() {
    return request;
  }

  @Override
  public boolean send(String event) {
    if (response.closed()) {
      return false;
    }
    response.write(event + "\n");
    return true;
  }

  @Override
  public boolean send(byte[] event) {
    throw new UnsupportedOperationException("watch events are text");
  }

  @Override
  public boolean close(int code, String reason) {
    response.end();
    return true;
  }
}
