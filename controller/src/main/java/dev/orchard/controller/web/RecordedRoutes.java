package dev.orchard.controller.web;

import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRoute;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import java.util.ArrayList;
import java.util.List;

/** Passes routes on, and knows them afterwards: Helidon tells nobody what it serves. */
final class RecordedRoutes implements HttpRules {
  private final HttpRules rules;
  private final List<String> routes = new ArrayList<>();

  RecordedRoutes(HttpRules rules) {
    this.rules = rules;
  }

  /** As {@code GET /v1/vms/{vm}}, or {@code * /path} for every method. */
  List<String> routes() {
    return List.copyOf(routes);
  }

  @Override
  public HttpRules route(Method method, String pathPattern, Handler handler) {
    routes.add(method.text() + " " + pathPattern);
    rules.route(method, pathPattern, handler);
    return this;
  }

  @Override
  public HttpRules any(String pathPattern, Handler... handlers) {
    routes.add("* " + pathPattern);
    rules.any(pathPattern, handlers);
    return this;
  }

  @Override
  public HttpRules route(HttpRoute route) {
    rules.route(route);
    return this;
  }

  @Override
  public HttpRules register(HttpService... services) {
    rules.register(services);
    return this;
  }

  @Override
  public HttpRules register(String pathPattern, HttpService... services) {
    rules.register(pathPattern, services);
    return this;
  }
}
