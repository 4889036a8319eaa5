package dev.orchard.controller.web;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.CallerPermits;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.StreamRelay;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.ticket.Tickets;
import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsRouting;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The TLS port of the HTTP API: one virtual thread a connection. */
public final class HttpApi implements AutoCloseable {
  /** What the kernel may hold for a reader that has stopped. */
  private static final int SEND_BUFFER_BYTES = 256 << 10;

  static final int MAX_HEADER_BYTES = 32 << 10;

  /** Clients of pods/exec, and Orchard's, send their command in the address. */
  static final int MAX_PROLOGUE_BYTES = 32 << 10;

  /** Of one request. Helidon holds a chunk of it whole, and a client makes chunks as it likes. */
  static final int MAX_BODY_BYTES = 64 << 20;

  private static final int MAX_REQUESTS = 4_000;
  private static final int MAX_CONNECTIONS = 10_000;

  /** Clients of pods/exec send stdin in messages as large as their writes. */
  private static final int MAX_SOCKET_FRAME_BYTES = 1 << 20;

  private static final Duration WRITER_PATIENCE = Duration.ofSeconds(30);
  private static final Duration START_PATIENCE = Duration.ofSeconds(10);
  private static final List<String> BASES = List.of("/v1", "/v1/namespaces/{ns}");

  /** For clients to take the error that tells them that this replica goes away. */
  private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(2);

  private final RequestDeadline requestDeadline;
  private final List<String> routes;
  private final Sessions sessions;
  private final WebServer server;

  /**
   * Starts to listen.
   *
   * @param tickets that let somebody attach
   * @param kubernetesReachable whether the Kubernetes API was, a moment ago
   * @param requests what each caller has under way
   * @param features what other packages add
   * @param clientAuthorities whose certificates of clients are of interest to them now
   */
  public HttpApi(
      HttpSettings settings,
      Callers callers,
      Access access,
      Sessions sessions,
      Tickets tickets,
      BooleanSupplier kubernetesReachable,
      String version,
      BooleanSupplier ready,
      WriteDeadline deadline,
      CallerPermits requests,
      List<Routes> features,
      Supplier<X509Certificate[]> clientAuthorities) {
    this.sessions = sessions;
    requestDeadline = new RequestDeadline(settings.limits().request(), settings.limits().silence());
    HttpRouting.Builder routing = HttpRouting.builder();
    RecordedRoutes http = new RecordedRoutes(routing);
    RequestFilter filter =
        new RequestFilter(new Origins(settings.limits().allowedOrigins()), tickets, requests);
    routing.addFilter(filter);
    Problems.register(routing, requestDeadline);
    new InfoRoutes(callers, access, version, ready).register(http);
    WsRouting.Builder sockets = WsRouting.builder();
    features.forEach(feature -> feature.register(http, sockets));
    FrameBody frames = new FrameBody(new StreamRelay(deadline, settings.heartbeat()));
    ExecRoutes execs = new ExecRoutes(callers, access, sessions, frames, START_PATIENCE);
    Admission admission =
        new Admission.ByTicket(
            new Admission.ByIdentity(
                headers -> callers.caller(Requests.authorization(headers)), access, sessions),
            tickets,
            kubernetesReachable);
    SessionRoutes session =
        new SessionRoutes(
            callers,
            access,
            sessions,
            admission,
            new SessionWriter(sessions, WRITER_PATIENCE),
            frames);
    ExecSocket.Shared shared =
        new ExecSocket.Shared(
            admission, sessions, deadline, settings.heartbeat(), settings.silence());
    for (String base : BASES) {
      execs.register(http, base);
      session.register(http, base);
      features.forEach(feature -> feature.register(http, sockets, base));
      String pattern = base + "/vms/{vm}/exec/{session}";
      ExecSocket opening = new ExecSocket(shared, pattern);
      sockets.endpoint(pattern, () -> new SessionSocket(opening));
    }
    routes = http.routes();
    routing.any((request, response) -> {
      throw new ApiException(
          404,
          "no-such-route",
          "there is no %s %s".formatted(request.prologue().method(), request.path().path()));
    });
    WsConfig socketLimits = WsConfig.builder().maxFrameLength(MAX_SOCKET_FRAME_BYTES).build();
    server =
        WebServer.builder()
            .host(settings.bindAddress())
            .port(settings.port())
            .tls(
                ServingTls.of(
                    settings.certificate(),
                    settings.privateKey(),
                    ClientCertificates.taking(clientAuthorities)))
            .maxTcpConnections(MAX_CONNECTIONS)
            .maxConcurrentRequests(MAX_REQUESTS)
            .maxPayloadSize(MAX_BODY_BYTES)
            .directHandlers(TransportProblems.handlers())
            // A frame goes out when it is there, and not when the one before is acknowledged.
            .connectionOptions(
                requestDeadline.watching(
                    SocketOptions.builder()
                        .socketSendBufferSize(SEND_BUFFER_BYTES)
                        .tcpNoDelay(true)
                        .build()))
            .addConnectionSelector(http1(new SocketUpgrader(socketLimits, filter)))
            .addProtocol(socketLimits)
            .addRouting(routing)
            .addRouting(sockets)
            .build()
            .start();
  }

  private Http1ConnectionSelector http1(SocketUpgrader sockets) {
    return Http1ConnectionSelector.builder()
        .config(
            Http1Config.builder()
                .maxHeadersSize(MAX_HEADER_BYTES)
                .maxPrologueLength(MAX_PROLOGUE_BYTES)
                .addReceiveListener(requestDeadline)
                .build())
        .addUpgrader(sockets)
        .build();
  }

  /** What it serves beside WebSockets, as {@code GET /v1/vms/{vm}}. */
  public List<String> routes() {
    return routes;
  }

  /** The port that was taken. */
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    try {
      sessions.drain(DRAIN_PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.stop();
    requestDeadline.close();
  }
}
