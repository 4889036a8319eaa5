package dev.orchard.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/** HTTP byte by byte, for what no client would send. */
final class RawHttp {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final SSLContext trust;
  private final URI url;
  private final String token;

  RawHttp(DevSystem system) {
    this.trust = ExecClient.trusting(system.certificateAuthority());
    this.url = system.url();
    this.token = system.token();
  }

  /** The header that says who asks. */
  String authorization() {
    return "Authorization: Bearer " + token;
  }

  private Socket connect() throws IOException {
    Socket socket = trust.getSocketFactory().createSocket(url.getHost(), url.getPort());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  /** All that comes back until the server closes. */
  String exchange(byte[] request) throws IOException {
    try (Socket socket = connect()) {
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      try {
        socket.getOutputStream().write(request);
        socket.getOutputStream().flush();
        // Nothing more comes: what waits for the rest of a request need not wait for its deadline.
        socket.shutdownOutput();
        socket.getInputStream().transferTo(answer);
      } catch (SocketException e) {
        // The server may close before it has read all of what is wrong.
      }
      return answer.toString(StandardCharsets.UTF_8);
    }
  }

  /** A WebSocket, once its handshake was answered. */
  RawSocket socket(String path) throws IOException {
    Socket socket = connect();
    String request =
        "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                .formatted(path, authorization())
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
    return new RawSocket(socket, status(socket.getInputStream()));
  }

  /** Reads a response's head. */
  private static int status(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("closed after " + head);
      }
      head.append((char) next);
    }
    return Integer.parseInt(head.substring(9, 12));
  }

  /** A WebSocket's connection. */
  record RawSocket(Socket socket, int status) implements AutoCloseable {
    /** False if the server has closed. */
    boolean send(byte[] bytes) {
      try {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return true;
      } catch (IOException e) {
        return false;
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
