package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.CallerPermits;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.http.HttpPrologue;
import io.helidon.http.RequestException;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsUpgrader;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Upgrades to WebSockets. Beyond Helidon's own: what opens a socket may see the client's
 * certificate ({@link ClientCertificates}), and refuses it with an answer of its own instead of
 * 101; and what holds for every request ({@link RequestFilter}) holds for sockets.
 */
final class SocketUpgrader extends WsUpgrader {
  private final RequestFilter filter;

  SocketUpgrader(WsConfig config, RequestFilter filter) {
    super(config);
    this.filter = filter;
  }

  @Override
  public @Nullable ServerConnection upgrade(
      ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
    Optional<Certificate[]> shown = context.remotePeer().tlsCertificates();
    CallerPermits.@Nullable Permit permit = null;
    @Nullable ServerConnection upgraded = null;
    try {
      permit = filter.admitSocket(prologue, headers);
      upgraded =
          ScopedValue.where(ClientCertificates.OF_UPGRADE, ClientCertificates.x509(shown))
              .call(() -> super.upgrade(context, prologue, headers));
    } catch (ApiException refusal) {
      throw refuse(context, prologue, refusal);
    } catch (RequestException | CloseConnectionException e) {
      throw e;
    } catch (RuntimeException e) {
      throw refuse(context, prologue, Problems.defect(prologue.uriPath().path(), e));
    } finally {
      if (upgraded == null && permit != null) {
        permit.close();
      }
    }
    return upgraded == null || permit == null ? upgraded : new Counted(upgraded, permit);
  }

  private static CloseConnectionException refuse(
      ConnectionContext context, HttpPrologue prologue, ApiException refusal) {
    Problems.Answer answer = Problems.answer(prologue.uriPath().path(), refusal);
    StringBuilder head = new StringBuilder("HTTP/1.1 ").append(refusal.status()).append(" \r\n");
    answer
        .headers()
        .forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(answer.body().size()).append("\r\n");
    head.append("Connection: close\r\n\r\n");
    context
        .dataWriter()
        .write(BufferData.create(head.toString().getBytes(StandardCharsets.US_ASCII)));
    context.dataWriter().write(BufferData.create(answer.body().toByteArray()));
    context.dataWriter().flush();
    return new CloseConnectionException("upgrade refused: " + refusal.detail());
  }

  /** A socket that counts for its caller until it ends. */
  private record Counted(ServerConnection socket, CallerPermits.Permit permit)
      implements ServerConnection {
    @Override
    public void handle(Limit limit) throws InterruptedException {
      try (permit) {
        socket.handle(limit);
      }
    }

    @Override
    @SuppressWarnings("removal")
    public void handle(Semaphore requests) throws InterruptedException {
      try (permit) {
        socket.handle(requests);
      }
    }

    @Override
    public Duration idleTime() {
      return socket.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      socket.close(interrupt);
    }
  }
}
