package dev.orchard.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.worker.road.Dialing;
import dev.orchard.worker.road.Liveness;
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
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
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

  private static InetAddress loopback(int last) throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
  }

  private static SSLServerSocket listen(TestCertificate certificate, int last, int port)
      throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(certificate.keys().getKeyManagers(), null, null);
    return (SSLServerSocket)
        context.getServerSocketFactory().createServerSocket(port, 0, loopback(last));
  }

  private static Dialing dialing(
      TestCertificate certificate, Path token, ReplicaAddress address, InetAddress... addresses) {
    return new Dialing(
        List.of(address),
        Transport.HTTP,
        certificate.ca(),
        token,
        null,
        _ -> addresses,
        Liveness.DEFAULT);
  }

  /** How a rendezvous ends that is dialled at the last of several addresses of a name. */
  private String endAtLast(Dialing dialing) throws Exception {
    List<Place> places = dialing.places(dialing.addresses().getFirst());
    try (Road road = places.getLast().roads(dialing, false).getFirst()) {
      return rendezvous(road).get(10, TimeUnit.SECONDS);
    }
  }

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
    try (SSLServerSocket server = listen(certificate, 1, 0)) {
      List<List<String>> requests = answer(server, 421, 421, 401);
      ReplicaAddress address = ReplicaAddress.parse("https://localhost:" + server.getLocalPort());
      Dialing dialing = dialing(certificate, token, address, loopback(1));
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
  void ofSeveralAddressesTheOneThatIsDialledIsReachedUnderTheirName() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder);
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    // The certificate is of localhost and 127.0.0.1: by its address the second would be refused.
    try (SSLServerSocket first = listen(certificate, 1, 0);
        SSLServerSocket second = listen(certificate, 2, first.getLocalPort())) {
      List<List<String>> atFirst = answer(first, 401);
      List<List<String>> atSecond = answer(second, 401);
      String host = "localhost:" + first.getLocalPort();
      ReplicaAddress address = ReplicaAddress.parse("https://" + host);

      assertThat(endAtLast(dialing(certificate, token, address, loopback(1), loopback(2))))
          .contains("401");

      assertThat(atFirst).isEmpty();
      assertThat(atSecond)
          .singleElement()
          .satisfies(head ->
              assertThat(head)
                  .contains("Host: " + host)
                  .contains("GET /v1/worker/rendezvous HTTP/1.1"));
    }
  }

  @Test
  void atOneOfSeveralAddressesTheCertificateMustBeOfTheirName() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder);
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    try (SSLServerSocket server = listen(certificate, 1, 0)) {
      List<List<String>> requests = answer(server, 401);
      ReplicaAddress address =
          ReplicaAddress.parse("https://replicas.test:" + server.getLocalPort());

      assertThat(endAtLast(dialing(certificate, token, address, loopback(2), loopback(1))))
          .contains("replicas.test");

      assertThat(requests).isEmpty();
    }
  }

  @Test
  void oneOfSeveralAddressesThatRefusesIsTold() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder);
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    try (SSLServerSocket first = listen(certificate, 1, 0)) {
      List<List<String>> atFirst = answer(first, 401);
      ReplicaAddress address = ReplicaAddress.parse("https://localhost:" + first.getLocalPort());

      assertThat(endAtLast(dialing(certificate, token, address, loopback(1), loopback(2))))
          .contains("502");

      assertThat(atFirst).isEmpty();
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
              host -> new InetAddress[] {InetAddress.getLoopbackAddress()},
              Liveness.DEFAULT);
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
