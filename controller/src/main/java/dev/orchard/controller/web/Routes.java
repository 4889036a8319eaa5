package dev.orchard.controller.web;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.websocket.WsRouting;

/** A feature's part of the HTTP API. */
public interface Routes {
  /** Routes that are there once. */
  void register(HttpRules http, WsRouting.Builder sockets);

  /**
   * Routes that are there for each namespace.
   *
   * @param base {@code /v1} for the default one, or {@code /v1/namespaces/{ns}}
   */
  void register(HttpRules http, WsRouting.Builder sockets, String base);
}
