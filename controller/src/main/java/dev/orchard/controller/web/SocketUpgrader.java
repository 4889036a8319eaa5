package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsUpgrader;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Upgrades to WebSockets. Beyond Helidon's own: what opens a socket may see the client's
 * certificate ({@link ClientCertificates}), and refuses it with an answer of its own instead of
 * 101.
 */
final class SocketUpgrader extends WsUpgrader {
  SocketUpgrader(WsConfig config) {
    super(config);
  }

  @Override
  public @Nullable ServerConnection upgrade(
      ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
    Optional<Certificate[]> shown = context.remotePeer().tlsCertificates();
    try {
      return ScopedValue.where(ClientCertificates.OF_UPGRADE, ClientCertificates.x509(shown))
          .call(() -> super.upgrade(context, prologue, headers));
    } catch (ApiException refusal) {
      refuse(context, prologue, refusal);
      throw new CloseConnectionException("upgrade refused: " + refusal.detail());
    }
  }

  private static void refuse(
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
  }
}
