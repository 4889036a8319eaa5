package dev.orchard.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ControllersTest {
  private static final SessionAddress SESSION = new SessionAddress("default", "vm", "work");

  @Test
  void askTheNextReplicaEachTime() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/namespaces/default/vms/vm/exec",
        exchange -> {
          exchange.sendResponseHeaders(201, 0);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().write('}');
          exchange.close();
        });
    server.start();
    try (Controllers controllers =
        new Controllers(List.of(http(closedPort()), http(server.getAddress().getPort())), 0)) {
      ExecRequest request = ExecRequest.of("true");
      assertThat(controllers.create(SESSION, request, Duration.ZERO))
          .isInstanceOf(Reply.Failed.class);
      assertThat(controllers.create(SESSION, request, Duration.ZERO))
          .isEqualTo(new Reply.Done<>(SESSION));
    } finally {
      server.stop(0);
    }
  }

  private static Http http(int port) {
    return new Http(
        ServerAddress.of("http://127.0.0.1:" + port, "servers", Optional.empty()),
        Map::of,
        Controllers::meaning);
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
