package dev.orchard.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.worker.road.Dialing;
import dev.orchard.worker.road.Place;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Road;
import dev.orchard.worker.road.Transport;
import dev.orchard.worker.stream.StreamListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker says before a WebSocket is one, and what it makes of a refusal. */
@SuppressWarnings("NullAway.Init")
class SocketRoadTest {
  @TempDir private Path folder;

  /** Answers one handshake after another with a status. */
  private static List<List<String>> answer(SSLServerSocket server, int... statuses) {
    List<List<String>> requests = new CopyOnWriteArrayList<>();
    Thread.ofVirtual()
        .start(() -> {
          for (int status : statuses) {
            try (Socket client = server.accept()) {
              requests.add(head(client));
              client
                  .getOutputStream()
                  .write(
                      "HTTP/1.1 %d \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                          .formatted(status)
                          .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
              return;
            }
          }
        });
    return requests;
  }

  private static List<String> head(Socket client) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
    List<String> lines = new ArrayList<>();
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      lines.add(line);
    }
    return lines;
  }

  private static CompletableFuture<String> rendezvous(Road road) throws InterruptedException {
    CompletableFuture<String> ended = new CompletableFuture<>();
    var _ =
        road.rendezvous(
            "replica-7",
            new StreamListener<ControllerFrame>() {
              @Override
              public void received(ControllerFrame message) {}

              @Override
              public void ended(@Nullable String failure) {
                ended.complete(String.valueOf(failure));
              }
            });
    return ended;
  }

  @Test
  void aRendezvousThatReachesAnotherReplicaIsDialledAgain() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder);
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(certificate.keys().getKeyManagers(), null, null);
    try (SSLServerSocket server =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0)) {
      List<List<String>> requests = answer(server, 421, 421, 401);
      ReplicaAddress address = ReplicaAddress.parse("https://localhost:" + server.getLocalPort());
      Dialing dialing =
          new Dialing(
              List.of(address),
              Transport.AUTO,
              certificate.ca(),
              token,
              null,
              InetAddress::getAllByName);
      Place place = dialing.places(address).getFirst();
      try (Road road = place.roads(dialing, true).getFirst()) {
        assertThat(rendezvous(road).get(10, TimeUnit.SECONDS)).contains("401");
      }
      assertThat(requests)
          .hasSize(3)
          .allSatisfy(head ->
              assertThat(head)
                  .contains(
                      "GET /v1/worker/rendezvous HTTP/1.1",
                      "Authorization: Bearer secret",
                      "Orchard-Replica: replica-7",
                      "Sec-WebSocket-Protocol: v1.worker.orchard.dev"));
    }
  }

  @Test
  void aReplicaHasTheRoadsThatTheTransportAllows() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder);
    ReplicaAddress both = ReplicaAddress.parse("localhost:1|https://localhost:2");
    for (Transport transport : Transport.values()) {
      Dialing dialing =
          new Dialing(
              List.of(both),
              transport,
              certificate.ca(),
              folder,
              null,
              host -> new InetAddress[] {InetAddress.getLoopbackAddress()});
      List<Road> roads = dialing.places(both).getFirst().roads(dialing, true);
      assertThat(roads)
          .extracting(Road::address)
          .isEqualTo(
              switch (transport) {
                case GRPC -> List.of("localhost:1");
                case HTTP -> List.of("https://localhost:2");
                case AUTO -> List.of("localhost:1", "https://localhost:2");
              });
      roads.forEach(Road::close);
    }
  }
}
