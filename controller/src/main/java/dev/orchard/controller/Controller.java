package dev.orchard.controller;

import dev.orchard.controller.aggregated.AggregatedApi;
import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.FrontProxy;
import dev.orchard.controller.auth.WorkerIdentity;
import dev.orchard.controller.forward.PortForwardRoutes;
import dev.orchard.controller.forward.PortForwardSocket;
import dev.orchard.controller.forward.PortForwards;
import dev.orchard.controller.orchard.OrchardRoutes;
import dev.orchard.controller.road.WorkerRoad;
import dev.orchard.controller.session.CallerPermits;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.VmGate;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.ticket.TicketKeys;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.controller.web.HttpApi;
import dev.orchard.controller.web.HttpSettings;
import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.controller.worker.GatewayServer;
import dev.orchard.controller.worker.GatewaySettings;
import dev.orchard.controller.worker.StatusWriter;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.InstantSource;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running replica. Holds nothing that it cannot rebuild: it may die at any time. */
public final class Controller implements AutoCloseable {
  /** Of this build; {@code development} where it does not come from a jar. */
  static final String VERSION = version();

  private static final Logger log = LoggerFactory.getLogger(Controller.class);

  private final ClusterObjects objects;
  private final GatewayServer gateway;
  private final Callers callers;
  private final HttpApi http;
  private final WriteDeadline deadline;

  private Controller(
      ClusterObjects objects,
      GatewayServer gateway,
      Callers callers,
      HttpApi http,
      WriteDeadline deadline) {
    this.objects = objects;
    this.gateway = gateway;
    this.callers = callers;
    this.http = http;
    this.deadline = deadline;
  }

  /**
   * Starts a replica and returns once both ports listen.
   *
   * @param own this replica's own client, whose address and CA, but not whose credentials, callers'
   *     requests are forwarded with; stays open
   */
  public static Controller start(ControllerSettings settings, KubernetesClient own) {
    InstantSource clock = Clock.systemUTC();
    ClusterObjects objects = new ClusterObjects(own);
    StatusWriter writer = new StatusWriter(own, settings.namespace(), settings.replica());
    GatewayServer gateway =
        new GatewayServer(gatewaySettings(settings), own, objects, writer, clock);
    Callers callers = new Callers(own.getConfiguration());
    Access access = new Access(clock);
    Tickets tickets = new Tickets(ticketKeys(settings), clock);
    Sessions sessions =
        new Sessions(
            objects,
            own,
            writer,
            gateway.links(),
            gateway.rendezvous(),
            access,
            tickets,
            new CallerPermits(settings.limits().startsPerCaller(), "starts"),
            settings.timeouts().rendezvous(),
            clock);
    Readiness readiness =
        new Readiness(
            objects, gateway.links(), clock, clock.instant().plus(settings.timeouts().workers()));
    FrontProxy frontProxy = new FrontProxy(own, clock);
    WriteDeadline deadline = new WriteDeadline(settings.timeouts().write());
    PortForwards forwards =
        new PortForwards(
            new VmGate(objects, own),
            gateway.links(),
            gateway.rendezvous(),
            settings.timeouts().rendezvous());
    PortForwardSocket portSocket =
        new PortForwardSocket(
            access,
            forwards,
            deadline,
            settings.timeouts().heartbeat(),
            settings.timeouts().silence());
    HttpApi http =
        new HttpApi(
            httpSettings(settings),
            callers,
            access,
            sessions,
            tickets,
            gateway::kubernetesReachable,
            VERSION,
            () -> !sessions.isDraining() && readiness.ready(),
            deadline,
            new CallerPermits(settings.limits().requestsPerCaller(), "requests and streams"),
            List.of(
                new OrchardRoutes(
                    callers,
                    access,
                    own,
                    settings.namespace(),
                    objects,
                    sessions,
                    deadline,
                    settings.timeouts().heartbeat(),
                    settings.timeouts().silence()),
                new AggregatedApi(
                    frontProxy,
                    access,
                    sessions,
                    portSocket,
                    deadline,
                    settings.timeouts().heartbeat(),
                    settings.timeouts().silence()),
                new PortForwardRoutes(callers, forwards, portSocket),
                new WorkerRoad(
                    gateway.reception(),
                    new WorkerIdentity(own, settings.namespace()),
                    settings.replica(),
                    deadline,
                    settings.timeouts().heartbeat(),
                    settings.timeouts().silence())),
            frontProxy::authorities);
    log.info(
        "controller started replica={} http={} workers={}",
        settings.replica(),
        http.port(),
        gateway.port());
    return new Controller(objects, gateway, callers, http, deadline);
  }

  private static TicketKeys ticketKeys(ControllerSettings settings) {
    if (settings.ticketKey() == null) {
      log.info("no ORCHARD_TICKET_KEY: tickets are good on this replica alone, while it lives");
      return TicketKeys.random();
    }
    return TicketKeys.read(settings.ticketKey());
  }

  private static GatewaySettings gatewaySettings(ControllerSettings settings) {
    return new GatewaySettings(
        settings.bindAddress(),
        settings.workerPort(),
        settings.certificate(),
        settings.privateKey(),
        settings.namespace(),
        settings.replica(),
        settings.replicas(),
        settings.timeouts().heartbeat(),
        settings.timeouts().silence());
  }

  private static HttpSettings httpSettings(ControllerSettings settings) {
    return new HttpSettings(
        settings.bindAddress(),
        settings.httpPort(),
        settings.certificate(),
        settings.privateKey(),
        settings.timeouts().heartbeat(),
        settings.timeouts().silence(),
        settings.limits());
  }

  private static String version() {
    String version = Controller.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** What the HTTP API serves beside WebSockets, as {@code GET /v1/vms/{vm}}. */
  List<String> routes() {
    return http.routes();
  }

  /** Of the HTTP API. */
  public int httpPort() {
    return http.port();
  }

  /** Of the workers' gateway. */
  public int workerPort() {
    return gateway.port();
  }

  /**
   * Goes away so that nobody notices more than a pause: workers let another replica dispatch, and
   * clients go on at one. Takes half a minute at most.
   */
  @Override
  public void close() {
    gateway.links().drain();
    http.close();
    deadline.close();
    gateway.close();
    callers.close();
    objects.close();
  }
}
