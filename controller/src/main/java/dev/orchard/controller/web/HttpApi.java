package dev.orchard.controller.web;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.StreamRelay;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.exec.frame.JsonFrames;
import io.helidon.common.configurable.Resource;
import io.helidon.common.pki.Keys;
import io.helidon.common.tls.Tls;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsRouting;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The TLS port of the HTTP API: one virtual thread a connection. */
public final class HttpApi implements AutoCloseable {
  /** What the kernel may hold for a reader that has stopped. */
  private static final int SEND_BUFFER_BYTES = 256 << 10;

  private static final Header NO_SNIFF =
      HeaderValues.createCached("X-Content-Type-Options", "nosniff");

  private static final int MAX_HEADER_BYTES = 32 << 10;
  private static final int MAX_PROLOGUE_BYTES = 8 << 10;
  private static final int MAX_CONNECTIONS = 10_000;

  private static final Duration WRITER_PATIENCE = Duration.ofSeconds(30);
  private static final Duration START_PATIENCE = Duration.ofSeconds(10);
  private static final List<String> BASES = List.of("/v1", "/v1/namespaces/{ns}");

  /** For clients to take the error that tells them that this replica goes away. */
  private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(2);

  private final Sessions sessions;
  private final WebServer server;

  /**
   * Starts to listen.
   *
   * @param features what other packages add
   */
  public HttpApi(
      HttpSettings settings,
      Callers callers,
      Access access,
      Sessions sessions,
      String version,
      BooleanSupplier ready,
      WriteDeadline deadline,
      List<Routes> features) {
    this.sessions = sessions;
    HttpRouting.Builder http = HttpRouting.builder();
    http.addFilter((chain, request, response) -> {
      response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
      response.headers().set(NO_SNIFF);
      Requests.requireNoOrigin(request.headers());
      chain.proceed();
    });
    Problems.register(http);
    new InfoRoutes(callers, access, version, ready).register(http);
    features.forEach(feature -> feature.register(http));
    FrameBody frames = new FrameBody(new StreamRelay(deadline, settings.heartbeat()));
    ExecRoutes execs = new ExecRoutes(callers, access, sessions, frames, START_PATIENCE);
    SessionRoutes session =
        new SessionRoutes(
            callers, access, sessions, new SessionWriter(sessions, WRITER_PATIENCE), frames);
    WsRouting.Builder sockets = WsRouting.builder();
    ExecSocket.Shared shared =
        new ExecSocket.Shared(
            callers, access, sessions, deadline, settings.heartbeat(), settings.silence());
    for (String base : BASES) {
      execs.register(http, base);
      session.register(http, base);
      features.forEach(feature -> feature.register(http, sockets, base));
      String pattern = base + "/vms/{vm}/exec/{session}";
      ExecSocket opening = new ExecSocket(shared, pattern);
      sockets.endpoint(pattern, () -> new SessionSocket(opening));
    }
    http.any((request, response) -> {
      throw new ApiException(
          404,
          "no-such-route",
          "there is no %s %s".formatted(request.prologue().method(), request.path().path()));
    });
    server =
        WebServer.builder()
            .host(settings.bindAddress())
            .port(settings.port())
            .tls(tls(settings))
            .maxTcpConnections(MAX_CONNECTIONS)
            // A frame goes out when it is there, and not when the one before is acknowledged.
            .connectionOptions(
                socket -> socket.socketSendBufferSize(SEND_BUFFER_BYTES).tcpNoDelay(true))
            .addProtocol(
                Http1Config.builder()
                    .maxHeadersSize(MAX_HEADER_BYTES)
                    .maxPrologueLength(MAX_PROLOGUE_BYTES)
                    .build())
            .addProtocol(WsConfig.builder().maxFrameLength(JsonFrames.MAX_BYTES).build())
            .addRouting(http)
            .addRouting(sockets)
            .build()
            .start();
  }

  private static Tls tls(HttpSettings settings) {
    Keys keys =
        Keys.builder()
            .pem(pem ->
                pem.key(Resource.create(settings.privateKey()))
                    .certChain(Resource.create(settings.certificate())))
            .build();
    return Tls.builder().privateKey(keys).privateKeyCertChain(keys).build();
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
  }
}
