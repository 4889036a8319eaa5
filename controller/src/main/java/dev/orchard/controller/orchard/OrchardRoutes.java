package dev.orchard.controller.orchard;

import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.Routes;
import dev.orchard.controller.worker.ClusterObjects;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.websocket.WsRouting;
import java.time.Duration;

/** All that Orchard's clients call, but for execs in our own dialect. */
public final class OrchardRoutes implements Routes {
  private final VmRoutes vms;
  private final WorkerRoutes workers;

  /**
   * @param own this replica's own client
   * @param namespace where the workers' Leases are
   * @param heartbeat of silence on a stream
   */
  public OrchardRoutes(
      Callers callers,
      KubernetesClient own,
      String namespace,
      ClusterObjects objects,
      WriteDeadline deadline,
      Duration heartbeat) {
    this.vms = new VmRoutes(callers, new VmWatch(objects, deadline, heartbeat));
    this.workers = new WorkerRoutes(callers, new LastSeen(own, namespace));
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets) {
    workers.register(http);
    Elsewhere.register(http);
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets, String base) {
    vms.register(http, base);
    Elsewhere.register(http, base);
  }
}
