package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.json;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.ticket.Ticket;
import dev.orchard.controller.ticket.TicketKeys;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.Stdin;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Instruction;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One replica that issues tickets, and another one that knows nothing of their sessions and whose
 * Kubernetes API is gone.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TicketTest {
  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @SuppressWarnings("NullAway.Init")
  private VM vm;

  @SuppressWarnings("NullAway.Init")
  private Fixture cutOff;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker otherLink;

  @SuppressWarnings("NullAway.Init")
  private Path key;

  private int number;
  private String name = "";
  private String path = "";
  private String uid = "";

  @BeforeAll
  void start(@TempDir Path folder, @TempDir Path otherFolder) throws Exception {
    key =
        Files.writeString(folder.resolve("key"), Base64.getEncoder().encodeToString(new byte[32]));
    ControllerSettings.Timeouts timeouts =
        ControllerSettings.Timeouts.DEFAULT.withHeartbeat(Duration.ofMillis(300));
    fixture = Fixture.start(folder, s -> s.withTicketKey(key).withTimeouts(timeouts));
    worker = fixture.worker("w1");
    vm = fixture.readyVm("hello", worker);
    cutOff = Fixture.start(otherFolder, s -> s.withTicketKey(key).withTimeouts(timeouts));
    otherLink = cutOff.worker("w1");
    cutOff.api.stop();
    // Until it has noticed, a ticket alone brings no other one.
    var _ = otherLink.take(said -> said.hasKubernetes() && !said.getKubernetes().getReachable());
  }

  @BeforeEach
  void makeASession() {
    name = "s" + number++;
    path = "/v1/vms/hello/exec/" + name;
    makeTheSessionAgain();
  }

  private void makeTheSessionAgain() {
    VMExec exec = new VMExec();
    exec.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    exec.setSpec(
        VMExecSpec.of("hello", List.of("cat"))
            .stdin(Stdin.ATTACH)
            .target(new Binding(vm.getMetadata().getUid(), "w1", "boot-1"))
            .build());
    uid = fixture.kubernetes.resource(exec).create().getMetadata().getUid();
  }

  @AfterAll
  void stop() {
    worker.close();
    otherLink.close();
    fixture.close();
    cutOff.close();
  }

  private static Attachment attachment(FakeWorker worker) throws InterruptedException {
    Instruction instruction = worker.take(FakeWorker::attaches);
    return instruction.hasAttach()
        ? instruction.getAttach()
        : instruction.getStartExec().getAttachment();
  }

  /** The ticket of what comes next on a body of lines. */
  private static String ticketIn(BufferedReader lines, String event) throws IOException {
    String line = lines.readLine();
    while (!line.startsWith("{\"event\":\"" + event)) {
      line = lines.readLine();
    }
    return Fixture.JSON.readTree(line).path("ticket").asText();
  }

  private static BufferedReader lines(Fixture.Following reading) throws Exception {
    return new BufferedReader(
        new InputStreamReader(reading.headers().body(), StandardCharsets.UTF_8));
  }

  /** Of a reader over NDJSON. */
  private String readersTicket() throws Exception {
    Fixture.Following reading = fixture.follow(fixture.request(path, TestApi.ALICE).GET());
    FakeWorker.Stream session = worker.answer(attachment(worker)).send(started(name));
    try (BufferedReader lines = lines(reading)) {
      String ticket = ticketIn(lines, "started");
      session.send(exited(0, 0));
      return ticket;
    }
  }

  private record Open(TestSocket client, FakeWorker.Stream session) {}

  private static Open open(
      Fixture replica, FakeWorker worker, String path, String token, String... headers)
      throws Exception {
    CompletableFuture<Object> opening =
        CompletableFuture.supplyAsync(() -> TestSocket.open(replica, path, token, headers));
    FakeWorker.Stream session = worker.answer(attachment(worker));
    return new Open((TestSocket) opening.get(10, TimeUnit.SECONDS), session);
  }

  /** Of a writer over a WebSocket. */
  private String writersTicket() throws Exception {
    Open open = open(fixture, worker, path + "?interactive=true", TestApi.ALICE);
    open.session.send(started(name)).send(exited(0, 0));
    JsonNode frame = open.client.take();
    while (!frame.path("event").asText().equals("started")) {
      frame = open.client.take();
    }
    return frame.path("ticket").asText();
  }

  private static HttpRequest.Builder with(Fixture replica, String path, String ticket) {
    return HttpRequest.newBuilder(replica.uri(path)).header("Orchard-Ticket", ticket);
  }

  private static HttpRequest.Builder posting(
      Fixture replica, String path, String ticket, String body) {
    return with(replica, path, ticket).POST(BodyPublishers.ofString(body));
  }

  /** What the replicas' key makes of a ticket that is different from the session's own. */
  private String forged(String session, Instant issued) {
    return new Tickets(TicketKeys.read(key), InstantSource.fixed(issued))
        .issue(
            new Ticket(
                "default", "hello", session, uid, "w1", true, false, Set.of(Right.READ), "me"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/x-ndjson", "text/event-stream"})
  void isInStartedAndInHeartbeatsOfEveryBody(String form) throws Exception {
    Fixture.Following reading =
        fixture.follow(fixture.request(path, TestApi.ALICE).header("Accept", form).GET());
    FakeWorker.Stream session = worker.answer(attachment(worker)).send(started(name));
    try (BufferedReader lines = lines(reading)) {
      List<String> said =
          lines
              .lines()
              .filter(line -> line.contains("{\"event\":\""))
              .limit(2)
              .map(line -> line.substring(line.indexOf('{')))
              .toList();
      assertThat(said.get(0)).startsWith("{\"event\":\"started\"").contains("\"ticket\":\"ey");
      assertThat(said.get(1)).startsWith("{\"event\":\"heartbeat\",\"ticket\":\"ey");
    }
    assertThat(session.over().isOk()).isTrue();
  }

  @Test
  void isInWhatAWebSocketSaysAndInTheAnswerToAStart() throws Exception {
    Open open = open(fixture, worker, path, TestApi.ALICE);
    open.session.send(started(name));
    assertThat(open.client.take().path("ticket").asText()).startsWith("ey");
    assertThat(open.client.take().path("ticket").asText()).startsWith("ey");
    open.client.socket.abort();

    Fixture.Following starting = fixture.start("hello", "{\"command\":[\"true\"]}");
    worker.answer(attachment(worker)).send(started("x")).send(exited(0, 0));
    try (BufferedReader lines = lines(starting)) {
      Ticket ticket =
          new Tickets(TicketKeys.read(key), Clock.systemUTC()).verify(ticketIn(lines, "started"));
      assertThat(ticket.rights()).containsExactly(Right.READ);
      assertThat(ticket.stdin()).isFalse();
    }
  }

  @Test
  void letsAReaderBackOnAnyReplicaWithoutTheKubernetesApi() throws Exception {
    String ticket = readersTicket();

    Fixture.Following reading = cutOff.follow(with(cutOff, path + "?from=3", ticket).GET());
    Instruction asked = otherLink.take(FakeWorker::attaches);
    // Whatever has become of the session: a ticket starts nothing.
    assertThat(asked.hasAttach()).isTrue();
    assertThat(asked.getAttach().getExecUid()).isEqualTo(uid);
    assertThat(asked.getAttach().getFrom()).isEqualTo(3);
    assertThat(asked.getAttach().getForeground()).isTrue();
    otherLink.answer(asked.getAttach()).send(started(name)).send(stdout(3, "x")).send(exited(0, 4));
    assertThat(reading.headers().statusCode()).isEqualTo(200);
    List<JsonNode> lines = Fixture.lines(reading.body());
    assertThat(lines).hasSize(3);
    assertThat(lines.getFirst().path("ticket").asText()).startsWith("ey");

    Fixture.Following events =
        cutOff.follow(with(cutOff, path, ticket).header("Accept", "text/event-stream").GET());
    otherLink.answer(attachment(otherLink)).send(started(name)).send(exited(0, 4));
    assertThat(events.body()).contains("event: exit");
    Open socket = open(cutOff, otherLink, path, "", "Orchard-Ticket", ticket);
    socket.session.send(exited(0, 4));
    assertThat(socket.client.take().path("event").asText()).isEqualTo("exit");
  }

  @Test
  void letsAWriterBackOnAnyReplicaWithoutTheKubernetesApi() throws Exception {
    String ticket = writersTicket();

    Open socket = open(cutOff, otherLink, path + "?interactive=true", "", "Orchard-Ticket", ticket);
    socket.client.send(new Frame.Signal("INT"));
    assertThat(socket.session.take()).isEqualTo(new Frame.Signal("INT"));
    socket.client.socket.abort();

    Fixture.Following writing =
        cutOff.follow(posting(cutOff, path + "/stdin?offset=0", ticket, "hi"));
    FakeWorker.Stream stdin = otherLink.answer(attachment(otherLink)).send(new Frame.Ack(0));
    assertThat(stdin.take()).isEqualTo(new Frame.Stdin(0, ByteString.copyFromUtf8("hi"), false));
    stdin.send(new Frame.Ack(2));
    assertThat(writing.body()).isEqualTo("{\"stdinOffset\":2}");

    Fixture.Following signalling =
        cutOff.follow(posting(cutOff, path + "/signal", ticket, "{\"signal\":\"INT\"}"));
    FakeWorker.Stream signal = otherLink.answer(attachment(otherLink));
    assertThat(signal.take()).isEqualTo(new Frame.Signal("INT"));
    signal.complete();
    assertThat(signalling.headers().statusCode()).isEqualTo(204);

    HttpResponse<String> resizing =
        cutOff.send(posting(cutOff, path + "/resize", ticket, "{\"rows\":1,\"cols\":2}"));
    assertThat(resizing.statusCode()).isEqualTo(409);
    assertThat(json(resizing).path("type").asText()).endsWith("no-tty");
  }

  @Test
  void asksTheKubernetesApiNothingEvenWhereItIsThere() throws Exception {
    String ticket = readersTicket();
    int reviews = fixture.api.accessReviews();

    Fixture.Following reading = fixture.follow(with(fixture, path, ticket).GET());
    worker.answer(attachment(worker)).send(started(name)).send(exited(0, 0));
    // A ticket brings no other one while there is somebody who can say who its bearer is.
    assertThat(reading.body()).contains("started", "exit").doesNotContain("ticket");
    assertThat(fixture.api.accessReviews()).isEqualTo(reviews);
  }

  @Test
  void doesNotLetAReaderWrite() throws Exception {
    String ticket = readersTicket();

    assertThat(cutOff.send(posting(cutOff, path + "/stdin", ticket, "x")).statusCode())
        .isEqualTo(403);
    assertThat(TestSocket.open(cutOff, path + "?interactive=true", "", "Orchard-Ticket", ticket))
        .isEqualTo(403);
  }

  @Test
  void countsBesideATokenOnlyWhereTheTokenCannotBeJudged() throws Exception {
    String ticket = readersTicket();
    HttpRequest.Builder bob = fixture.request(path, TestApi.BOB).header("Orchard-Ticket", ticket);
    assertThat(fixture.send(bob.GET()).statusCode()).isEqualTo(403);
    HttpRequest.Builder nobody = fixture.request(path, "x").header("Orchard-Ticket", ticket);
    assertThat(fixture.send(nobody.GET()).statusCode()).isEqualTo(401);
    Fixture.Following reading =
        fixture.follow(fixture.request(path, TestApi.ALICE).header("Orchard-Ticket", "bad").GET());
    worker.answer(attachment(worker)).send(exited(0, 0));
    assertThat(reading.headers().statusCode()).isEqualTo(200);

    Fixture.Following resuming =
        cutOff.follow(cutOff.request(path, TestApi.ALICE).header("Orchard-Ticket", ticket).GET());
    otherLink.answer(attachment(otherLink)).send(exited(0, 0));
    assertThat(resuming.headers().statusCode()).isEqualTo(200);
    HttpRequest.Builder late =
        cutOff.request(path, TestApi.ALICE).header("Orchard-Ticket", forged(name, Instant.EPOCH));
    HttpResponse<String> refused = cutOff.send(late.GET());
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(json(refused).path("type").asText()).endsWith("kubernetes-unavailable");
  }

  /** However old it is: its bearer was attached to another session. */
  @Test
  void doesNotLetItsBearerReadOnInAnotherSessionOfTheSameName() throws Exception {
    String old = forged(name, Instant.EPOCH);
    fixture.kubernetes.resource(fixture.exec(name)).delete();
    makeTheSessionAgain();

    HttpRequest.Builder resuming =
        fixture.request(path + "?from=3", TestApi.ALICE).header("Orchard-Ticket", old);
    HttpResponse<String> refused = fixture.send(resuming.GET());
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(json(refused).path("type").asText()).endsWith("session-not-found");
  }

  @Test
  void isRefusedWhereItIsNotGoodForTheSession() throws Exception {
    Instant now = Clock.systemUTC().instant();
    for (String bad : List.of("x", forged(name, now.minusSeconds(601)), forged("other", now))) {
      HttpResponse<String> refused = cutOff.send(with(cutOff, path, bad).GET());
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(json(refused).path("type").asText()).endsWith("invalid-ticket");
      assertThat(json(refused).path("message").asText()).startsWith("Orchard-Ticket: it ");
    }
    String good = forged(name, now);
    for (String other :
        List.of("/v1/vms/other/exec/" + name, "/v1/namespaces/other/vms/hello/exec/" + name)) {
      assertThat(cutOff.send(with(cutOff, other, good).GET()).statusCode()).isEqualTo(401);
    }
    assertThat(cutOff.send(with(cutOff, path + "?ticket=" + good, good).GET()).statusCode())
        .isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({
    "DELETE, ''",
    "POST, /cancel",
    "POST, /detach",
    "GET, /../../execs",
    "POST, /../../exec",
    "GET, /../../../../workers",
    "GET, /../../../../controller/info"
  })
  void isGoodForNothingButToAttach(String method, String where) throws Exception {
    String ticket = writersTicket();

    HttpRequest.Builder request =
        with(fixture, java.net.URI.create(path + where).normalize().toString(), ticket)
            .method(method, BodyPublishers.ofString("{\"command\":[\"true\"]}"));
    HttpResponse<String> refused = fixture.send(request);
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(json(refused).path("type").asText()).endsWith("unauthenticated");
    assertThat(
            fixture
                .send(with(fixture, path, ticket).header("Accept", "application/json").GET())
                .statusCode())
        .isEqualTo(401);
  }
}
