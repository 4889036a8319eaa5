package dev.orchard.controller.orchard;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.VmGate;
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
  private final OrchardExec execs;

  /**
   * @param own this replica's own client
   * @param namespace where the workers' Leases are
   * @param heartbeat of our silence on a stream
   * @param silence of a WebSocket client, after which it is dead
   */
  public OrchardRoutes(
      Callers callers,
      Access access,
      KubernetesClient own,
      String namespace,
      ClusterObjects objects,
      Sessions sessions,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {
    this.vms = new VmRoutes(callers, new VmWatch(objects, deadline, heartbeat));
    this.workers = new WorkerRoutes(callers, new LastSeen(own, namespace));
    this.execs =
        new OrchardExec(
            callers,
            access,
            objects,
            new VmGate(objects, own),
            sessions,
            deadline,
            heartbeat,
            silence);
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets) {
    workers.register(http);
    Elsewhere.register(http);
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets, String base) {
    vms.register(http, base);
    execs.register(http, sockets, base);
    Elsewhere.register(http, base);
  }
}
