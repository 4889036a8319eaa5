package dev.orchard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.VmState;
import dev.orchard.worker.forward.Forwards;
import dev.orchard.worker.gateway.Gateway;
import dev.orchard.worker.gateway.Noticeboard;
import dev.orchard.worker.gateway.WorkerIdentity;
import dev.orchard.worker.guest.GuestDialer;
import dev.orchard.worker.road.Dialing;
import dev.orchard.worker.road.Liveness;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Road;
import dev.orchard.worker.road.Transport;
import dev.orchard.worker.session.Sessions;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmStatus;
import dev.orchard.worker.vm.Vms;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas at addresses of one name, and behind one address. */
@SuppressWarnings("NullAway.Init")
class ReplicaSearchTest {
  private static TestCertificate certificate;

  @TempDir private Path folder;

  private final List<InetAddress> addresses = new CopyOnWriteArrayList<>();
  private final List<FakeController> replicas = new ArrayList<>();
  private final AtomicBoolean failsOnce = new AtomicBoolean();
  private final Noticeboard board = new Noticeboard();
  private final GuestDialer dialer = new GuestDialer();
  private Liveness liveness = Liveness.DEFAULT;
  private Sessions sessions;
  private Vms vms;
  private @Nullable Gateway gateway;

  @BeforeAll
  static void certify(@TempDir Path shared) throws Exception {
    certificate = TestCertificate.create(shared);
  }

  @BeforeEach
  void prepare() throws IOException {
    Files.writeString(folder.resolve("token"), "secret\n");
  }

  @AfterEach
  void end() throws Exception {
    if (gateway != null) {
      gateway.close();
      sessions.close();
      vms.close();
    }
    dialer.close();
    for (FakeController replica : replicas) {
      replica.stop();
    }
  }

  private Dialing dialing(String... entries) {
    return new Dialing(
        Stream.of(entries).map(ReplicaAddress::parse).toList(),
        Transport.AUTO,
        certificate.ca(),
        folder.resolve("token"),
        null,
        _ -> {
          if (failsOnce.getAndSet(false)) {
            throw new IllegalStateException("no descriptor is left");
          }
          return addresses.toArray(InetAddress[]::new);
        },
        liveness);
  }

  private void dial(String... entries) {
    sessions = new Sessions(folder.resolve("sessions"), 0, board::vm, board, new SteadyClock());
    vms = new Vms(folder.resolve("vms"), List.of(), dialer, board);
    gateway =
        new Gateway(
            dialing(entries),
            new WorkerIdentity("w1", "dev", "linux", "amd64", List.of(), List.of(), 1, 1),
            board,
            vms,
            sessions,
            new Forwards(board::vm));
    gateway.start();
  }

  private FakeController replica(int last, int port, int count) throws IOException {
    FakeController replica =
        new FakeController(certificate, loopback(last), port, "replica-" + replicas.size(), count);
    replicas.add(replica);
    return replica;
  }

  private static InetSocketAddress at(FakeController replica) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), replica.port());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static InetAddress loopback(int last) throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
  }

  private void awaitLinks() {
    await().atMost(FakeController.PATIENCE).until(() -> linked().count() == replicas.size());
  }

  private Stream<FakeController> linked() {
    return replicas.stream().filter(FakeController::isLinked);
  }

  private void assertNoLinkWasEnded() {
    assertThat(replicas).extracting(FakeController::ended).containsOnly(0);
    assertThat(replicas)
        .filteredOn(replica -> replica.registers().stream().anyMatch(Register::getPrimary))
        .hasSize(1);
  }

  @Test
  void aNameWithSeveralAddressesLeadsToAReplicaAtEach() throws Exception {
    int port = freePort();
    for (int i = 1; i <= 3; i++) {
      replica(i, port, 3);
      addresses.add(loopback(i));
    }
    dial("localhost:" + port);
    awaitLinks();
    assertNoLinkWasEnded();
  }

  @Test
  void aReplicaAtANewAddressOfTheNameIsFound() throws Exception {
    int port = freePort();
    for (int i = 1; i <= 3; i++) {
      replica(i, port, 3);
      addresses.add(loopback(i));
    }
    dial("localhost:" + port);
    awaitLinks();

    replicas.removeFirst().stop();
    addresses.set(0, loopback(4));
    replica(4, port, 3);
    awaitLinks();
    assertThat(replicas).extracting(FakeController::ended).containsOnly(0);
  }

  @Test
  void aRoundThatFailsIsNotTheLast() throws Exception {
    failsOnce.set(true);
    FakeController replica = replica(1, 0, 1);
    addresses.add(loopback(1));
    dial("localhost:" + replica.port());
    awaitLinks();
  }

  @Test
  void oneAddressIsDialledUntilItHasLedToEveryReplica() throws Exception {
    addresses.add(loopback(1));
    for (int i = 1; i <= 3; i++) {
      replica(1, 0, 3);
    }
    try (Balancer balancer = new Balancer(replicas.stream().map(ReplicaSearchTest::at).toList())) {
      dial("localhost:" + balancer.port());
      awaitLinks();
      assertNoLinkWasEnded();
    }
  }

  @Test
  void oneAddressLeadsToAReplicaThatTookThePlaceOfAnother() throws Exception {
    addresses.add(loopback(1));
    for (int i = 1; i <= 3; i++) {
      replica(1, 0, 3);
    }
    try (Balancer balancer = new Balancer(replicas.stream().map(ReplicaSearchTest::at).toList())) {
      dial("localhost:" + balancer.port());
      awaitLinks();

      balancer.remove(at(replicas.getFirst()));
      replicas.removeFirst().stop();
      // It is looked for where it is not, and no link suffers.
      int turns = balancer.turns();
      await().until(() -> balancer.turns() > turns + 5);
      balancer.add(at(replica(1, 0, 3)));
      awaitLinks();
      assertThat(replicas).extracting(FakeController::ended).containsOnly(0);
    }
  }

  @Test
  void oneMoreReplicaIsLookedForWhenOneSaysSoAndNoneIsDroppedWhenThereAreFewer() throws Exception {
    addresses.add(loopback(1));
    replica(1, 0, 2);
    replica(1, 0, 2);
    try (Balancer balancer = new Balancer(replicas.stream().map(ReplicaSearchTest::at).toList())) {
      dial("localhost:" + balancer.port());
      awaitLinks();

      balancer.add(at(replica(1, 0, 3)));
      replicas.getFirst().replicas(3);
      awaitLinks();
      replicas.forEach(replica -> replica.replicas(1));
      replicas.getFirst().deleteVm("a1");
      replicas.forEach(replica -> replica.awaitVm("a1", vm -> vm.getState() == VmState.VM_GONE));
      assertNoLinkWasEnded();
    }
  }

  @Test
  void twoEntriesThatLeadToTheSameReplicaMakeOneLink() throws Exception {
    addresses.add(loopback(1));
    replica(1, 0, 2);
    replica(1, 0, 2);
    try (Balancer balancer = new Balancer(List.of(at(replicas.getFirst())))) {
      dial(
          "localhost:" + replicas.getFirst().port(),
          "localhost:" + balancer.port(),
          "localhost:" + replicas.getLast().port());
      awaitLinks();
      assertNoLinkWasEnded();
    }
  }

  @Test
  void aLinkWhosePacketsVanishIsDialledAgain() throws Exception {
    liveness = HalfOpenTest.SHORT;
    addresses.add(loopback(1));
    FakeController replica = replica(1, 0, 1);
    try (Balancer balancer = new Balancer(List.of(at(replica)))) {
      dial("localhost:" + balancer.port());
      awaitLinks();

      balancer.lose();

      await().atMost(FakeController.PATIENCE).until(() -> replica.registers().size() > 1);
    }
  }

  @Test
  void aLinkOverAWebSocketWhosePacketsVanishIsDialledAgain() throws Exception {
    liveness = HalfOpenTest.SHORT;
    addresses.add(loopback(1));
    try (SocketReplica replica = new SocketReplica(certificate);
        Balancer balancer = new Balancer(List.of(replica.address()))) {
      dial("https://localhost:" + balancer.port());
      await().atMost(FakeController.PATIENCE).until(() -> replica.registered() == 1);

      balancer.lose();

      await().atMost(FakeController.PATIENCE).until(() -> replica.registered() > 1);
    }
  }

  @Test
  void aReplicaThatSaysNothingIsDialledAgainHoweverMuchIsReported() throws Exception {
    liveness = HalfOpenTest.SHORT;
    addresses.add(loopback(1));
    FakeController replica = replica(1, 0, 1);
    dial("localhost:" + replica.port());
    awaitLinks();

    // While there are reports there is no heartbeat, and so nothing that it would answer.
    VmStatus news =
        new VmStatus(new Uid("a1"), dev.orchard.worker.vm.VmState.STOPPED, null, null, "");
    await()
        .atMost(FakeController.PATIENCE)
        .until(() -> {
          board.changed(news);
          return replica.registers().size() > 1;
        });
  }

  @Test
  void certificatesAreCheckedAgainstTheNameThatIsConfigured() throws Exception {
    addresses.add(loopback(2));
    // Its certificate is of localhost and 127.0.0.1.
    FakeController replica = replica(2, 0, 1);
    assertThat(reaches("localhost:" + replica.port())).isTrue();

    addresses.set(0, loopback(1));
    FakeController other = replica(1, 0, 1);
    assertThat(reaches("replicas.test:" + other.port())).isFalse();
  }

  private boolean reaches(String entry) throws InterruptedException {
    Dialing dialing = dialing(entry);
    try (Road road =
        dialing.places(dialing.addresses().getFirst()).getFirst().roads(dialing, true).getFirst()) {
      return road.reach();
    }
  }
}
