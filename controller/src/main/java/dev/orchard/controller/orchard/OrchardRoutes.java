package dev.orchard.controller.orchard;

import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.web.Routes;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.websocket.WsRouting;

/** All that Orchard's clients call, but for execs in our own dialect. */
public final class OrchardRoutes implements Routes {
  private final VmRoutes vms;
  private final WorkerRoutes workers;

  public OrchardRoutes(Callers callers) {
    this.vms = new VmRoutes(callers);
    this.workers = new WorkerRoutes(callers);
  }

  @Override
  public void register(HttpRules http) {
    workers.register(http);
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets, String base) {
    vms.register(http, base);
  }
}
