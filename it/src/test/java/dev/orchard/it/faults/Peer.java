package dev.orchard.it.faults;

import dev.orchard.it.ExecClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * A client that asks one replica for a session's output, and then reads no more of it than its case
 * wants, into a small window.
 */
final class Peer implements AutoCloseable {
  private static final int WINDOW_BYTES = 4_096;
  private static final int PATIENCE_MILLIS = 60_000;

  /** Makes peers of one replica. */
  static final class Factory {
    private final SSLContext trust;
    private final URI server;
    private final String token;

    Factory(RealSystem system, int replica) {
      trust = ExecClient.trusting(system.ca());
      server = system.server(replica);
      token = system.token();
    }

    /** Reads lines over a chunked response. */
    Peer lines(String vm, String session) throws IOException {
      return open(vm, session, List.of(), "200");
    }

    /** Has a WebSocket. */
    Peer socket(String vm, String session) throws IOException {
      return open(
          vm,
          session,
          List.of(
              "Connection: Upgrade",
              "Upgrade: websocket",
              "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
          "101");
    }

    private Peer open(String vm, String session, List<String> more, String status)
        throws IOException {
      // Its window is told in the handshake.
      Socket tcp = new Socket();
      tcp.setReceiveBufferSize(WINDOW_BYTES);
      tcp.setSoTimeout(PATIENCE_MILLIS);
      tcp.connect(new InetSocketAddress(server.getHost(), server.getPort()), PATIENCE_MILLIS);
      Socket tls =
          trust.getSocketFactory().createSocket(tcp, server.getHost(), server.getPort(), true);
      List<String> head =
          Stream.concat(
                  Stream.of(
                      "GET /v1/vms/%s/exec/%s?from=0 HTTP/1.1".formatted(vm, session),
                      "Host: localhost",
                      "Authorization: Bearer " + token),
                  more.stream())
              .toList();
      tls.getOutputStream()
          .write((String.join("\r\n", head) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      Peer peer = new Peer(tls);
      String answer = new String(peer.read(12), StandardCharsets.US_ASCII);
      if (!answer.endsWith(status)) {
        peer.close();
        throw new IOException("answered by " + answer);
      }
      return peer;
    }
  }

  private final Socket socket;

  private Peer(Socket socket) {
    this.socket = socket;
  }

  /** So many bytes, or fewer at the end. */
  byte[] read(int bytes) throws IOException {
    return socket.getInputStream().readNBytes(bytes);
  }

  @Override
  public void close() {
    try {
      // By RST where something was not read.
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
