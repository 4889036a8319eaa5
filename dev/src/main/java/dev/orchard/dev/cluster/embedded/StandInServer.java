package dev.orchard.dev.cluster.embedded;

import dev.orchard.dev.secret.OwnerFiles;
import dev.orchard.dev.tls.KeyAndCertificate;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Headers;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.vertx.HttpServerRequestHandler;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens for the {@link StandIn}, by TLS: kubectl sends its token over nothing less. */
public final class StandInServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StandInServer.class);

  private final Vertx vertx;
  private final int port;

  private StandInServer(Vertx vertx, int port) {
    this.vertx = vertx;
    this.port = port;
  }

  /**
   * Listens on a free port of the loopback interface.
   *
   * @param token may do everything
   */
  public static StandInServer start(KeyAndCertificate server, String token) {
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false)));
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost("127.0.0.1")
            .setPort(0)
            .setSsl(true)
            .setKeyCertOptions(
                new PemKeyCertOptions()
                    .addCertValue(Buffer.buffer(OwnerFiles.read(server.certificate())))
                    .addKeyValue(Buffer.buffer(OwnerFiles.read(server.key()))));
    HttpServer http =
        await(
            vertx
                .createHttpServer(options)
                .requestHandler(new Requests(vertx, new StandIn(new Tokens(token))))
                .listen());
    return new StandInServer(vertx, http.actualPort());
  }

  public int port() {
    return port;
  }

  @Override
  public void close() {
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  /** Gives every request to the stand-in; Fabric8's own handler knows WebSocket watches only. */
  private record Requests(StandIn standIn, HttpServerRequestHandler fabric8)
      implements Handler<HttpServerRequest> {
    Requests(Vertx vertx, StandIn standIn) {
      this(
          standIn,
          new HttpServerRequestHandler(vertx) {
            @Override
            protected MockResponse onHttpRequest(RecordedRequest request) {
              return answer(standIn, request);
            }
          });
    }

    // An exception would leave the request without any answer.
    private static MockResponse answer(StandIn standIn, RecordedRequest request) {
      try {
        return standIn.dispatch(request);
      } catch (RuntimeException e) {
        log.warn("request failed request={}", request.getRequestLine(), e);
        return new Status(500, "InternalError", e.toString()).response();
      }
    }

    @Override
    public void handle(HttpServerRequest request) {
      if ("true".equals(request.getParam("watch")) && !request.headers().contains("Upgrade")) {
        RecordedRequest recorded =
            new RecordedRequest(
                "HTTP/1.1",
                HttpMethod.GET,
                request.uri(),
                Headers.builder().addAll(request.headers()).build(),
                new io.fabric8.mockwebserver.http.Buffer());
        WatchStream.open(recorded, answer(standIn, recorded), request.response());
      } else {
        fabric8.handle(request);
      }
    }
  }
}
