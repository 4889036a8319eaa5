package dev.orchard.controller.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.orchard.controller.Controller;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestCertificate;
import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.ticket.TicketKeys;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.controller.worker.Links;
import dev.orchard.controller.worker.Rendezvous;
import dev.orchard.controller.worker.StatusWriter;
import dev.orchard.crds.testing.ApiServer;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.DesiredState;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.Instruction;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * One object for each command and one command for each object, on a real API server: with two
 * replicas, the first of which has the worker's primary link.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecordedOnceTest {
  @RegisterExtension static final ApiServer API = new ApiServer();

  private static final String SYSTEM = "orchard-system";
  private static final int STORM = 24;

  private record Replica(KubernetesClient own, Controller controller, FakeWorker link)
      implements AutoCloseable {
    @Override
    public void close() {
      link.close();
      controller.close();
      own.close();
    }
  }

  @SuppressWarnings("NullAway.Init")
  private TestCertificate certificate;

  @SuppressWarnings("NullAway.Init")
  private HttpClient http;

  @SuppressWarnings("NullAway.Init")
  private Replica primary;

  @SuppressWarnings("NullAway.Init")
  private Replica other;

  @SuppressWarnings("NullAway.Init")
  private VM vm;

  private String namespace = "";
  private String alice = "";

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    namespace = API.namespace("once");
    certificate = TestCertificate.in(folder);
    http = HttpClient.newBuilder().sslContext(certificate.clientContext()).build();
    API.client()
        .resource(new NamespaceBuilder().withNewMetadata().withName(SYSTEM).endMetadata().build())
        .create();
    alice = token("alice");
    API.client()
        .resource(
            new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName("alice")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "cluster-admin")
                .addNewSubject("", "ServiceAccount", "alice", SYSTEM)
                .build())
        .create();
    String worker = token("w1", "orchard-worker");
    primary = replica(worker, true);
    other = replica(worker, false);
    vm = runningVm("hello");
  }

  @AfterAll
  void stop() {
    http.shutdownNow();
    other.close();
    primary.close();
  }

  private static String token(String serviceAccount, String... audience) {
    API.client()
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withName(serviceAccount)
                .withNamespace(SYSTEM)
                .endMetadata()
                .build())
        .create();
    return API.client()
        .serviceAccounts()
        .inNamespace(SYSTEM)
        .withName(serviceAccount)
        .tokenRequest(
            new TokenRequestBuilder().withNewSpec().withAudiences(audience).endSpec().build())
        .getStatus()
        .getToken();
  }

  private Replica replica(String worker, boolean isPrimary) throws Exception {
    KubernetesClient own = API.newClient();
    Controller controller =
        Controller.start(
            ControllerSettings.of(certificate.certificate(), certificate.key())
                .withAddress("127.0.0.1", 0, 0),
            own);
    FakeWorker link =
        FakeWorker.dial(controller.workerPort(), certificate, "w1", worker, isPrimary);
    link.take(Instruction::hasGreeting);
    link.synced();
    return new Replica(own, controller, link);
  }

  private VM runningVm(String name) throws InterruptedException {
    VM created = new VM();
    created.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(namespace).build());
    created.setSpec(VMSpec.ofImage("default"));
    VM placed = API.client().resource(created).create();
    placed.setStatus(VMStatus.EMPTY.withWorkerName("w1"));
    API.client().resource(placed).updateStatus();
    String uid = placed.getMetadata().getUid();
    primary.link.take(i -> i.hasPutVm() && i.getPutVm().getUid().equals(uid));
    primary.link.report(Fixture.running(uid));
    await().until(() -> agentConnected(placed));
    return API.client().resource(placed).require();
  }

  private static boolean agentConnected(VM vm) {
    return API.client().resource(vm).require().statusOrEmpty().isTrue(VMStatus.AGENT_CONNECTED);
  }

  private HttpRequest.Builder to(Replica replica, String path) {
    return HttpRequest.newBuilder(
            URI.create(
                "https://localhost:%d/v1/namespaces/%s/vms/hello%s"
                    .formatted(replica.controller.httpPort(), namespace, path)))
        .header("Authorization", "Bearer " + alice);
  }

  private HttpResponse<String> start(Replica replica, String name, String command)
      throws Exception {
    return http.send(
        to(replica, "/exec")
            .header("Prefer", "respond-async")
            .POST(
                BodyPublishers.ofString(
                    "{\"name\":\"%s\",\"command\":[\"%s\"]}".formatted(name, command)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String uid(HttpResponse<String> started) throws Exception {
    assertThat(started.statusCode()).as(started.body()).isEqualTo(201);
    return Fixture.json(started).path("uid").asText();
  }

  private VMExec exec(String name) {
    return API.client().resources(VMExec.class).inNamespace(namespace).withName(name).require();
  }

  private VMExec applied(String name) {
    VMExec exec = new VMExec();
    exec.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(namespace).build());
    exec.setSpec(
        VMExecSpec.of("hello", List.of("true"))
            .target(new Binding(vm.getMetadata().getUid(), "w1", "boot-1"))
            .build());
    return API.client().resource(exec).create();
  }

  private static boolean starts(Instruction instruction, String uid) {
    return instruction.hasStartExec() && instruction.getStartExec().getSpec().getUid().equals(uid);
  }

  private static ExecReport finished(String uid, ExitReason reason) {
    return ExecReport.newBuilder()
        .setUid(uid)
        .setRevision(9)
        .setState(ExecState.EXEC_FINISHED)
        .setCompletionTimeMs(3_000)
        .setExit(
            ProtoFrames.encodeExit(
                new Frame.Exit(
                    null, null, reason, 0, 0, null, null, false, Duration.ZERO, "so it was")))
        .build();
  }

  @Test
  void aStormOfStartsOfOneNameOnTwoReplicasIsOneObject() throws Exception {
    List<Future<HttpResponse<String>>> answers = new ArrayList<>();
    CountDownLatch go = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < STORM; i++) {
        Replica replica = i % 2 == 0 ? primary : other;
        answers.add(
            threads.submit(() -> {
              go.await();
              return start(replica, "storm", "true");
            }));
      }
      go.countDown();
    }
    String uid = exec("storm").getMetadata().getUid();
    for (Future<HttpResponse<String>> answer : answers) {
      assertThat(uid(answer.get())).isEqualTo(uid);
    }
    primary.link.take(i -> starts(i, uid));
    HttpResponse<String> another = start(other, "storm", "false");
    assertThat(another.statusCode()).isEqualTo(409);
    assertThat(Fixture.json(another).path("type").asText()).endsWith("name-taken");
  }

  @Test
  void aStartWhoseReplicaDiedBeforeItDispatchedIsDispatchedByThePrimarysReplica() throws Exception {
    // What its instruction would have said has got nowhere: the other link's worker does nothing.
    String uid = uid(start(other, "orphan", "true"));

    assertThat(primary.link.take(i -> starts(i, uid)).getStartExec().hasAttachment()).isFalse();
    // The client has not got the answer and asks again, wherever.
    assertThat(uid(start(primary, "orphan", "true"))).isEqualTo(uid);
    assertThat(uid(start(other, "orphan", "true"))).isEqualTo(uid);
  }

  @Test
  void aNameThatIsFreeAgainIsAnotherSessionAndTheFirstOneEnds() throws Exception {
    for (int i = 0; i < 3; i++) {
      String first = uid(start(primary, "again", "true"));
      HttpResponse<String> deleted =
          http.send(
              to(primary, "/exec/again").DELETE().build(), HttpResponse.BodyHandlers.ofString());
      assertThat(deleted.statusCode()).isEqualTo(204);
      // At once, while informers still have the first one.
      String second = uid(start(other, "again", "true"));
      assertThat(second).isNotEqualTo(first);
      primary.link.take(c -> c.hasCancelExec() && c.getCancelExec().getUid().equals(first));
      primary.link.report(finished(first, ExitReason.CANCELLED));
      primary.link.report(finished(second, ExitReason.TIMED_OUT));
      await().until(() -> exec("again").statusOrEmpty().ended());
      assertThat(exec("again").getMetadata().getUid()).isEqualTo(second);
      assertThat(exec("again").statusOrEmpty().exitSummary()).isEqualTo("TimedOut");
      API.client().resource(exec("again")).delete();
    }
  }

  @Test
  void anOldViewChangesNothingOfTheObjectThatHasTheNameNow() throws Exception {
    VMExec old = applied("aba");
    API.client().resource(old).delete();
    VMExec now = applied("aba");
    Instant at = Clock.systemUTC().instant();

    StatusWriter writer = new StatusWriter(API.client(), SYSTEM, "stale");
    VMExecExit exit = VMExecExit.without(VMExecExitReason.LOST, "stale");
    assertThat(writer.write(old, status -> status.finished(exit, null, at, at))).isNull();
    try (ClusterObjects objects = new ClusterObjects(API.client())) {
      Access access = new Access(Clock.systemUTC());
      Sessions sessions =
          new Sessions(
              objects,
              API.client(),
              writer,
              new Links(),
              new Rendezvous(),
              access,
              new Tickets(TicketKeys.random(), Clock.systemUTC()),
              new CallerPermits(1, "starts"),
              Duration.ofSeconds(1),
              Clock.systemUTC());
      Caller caller = new Caller.Bearer("alice", API.client());
      assertGone(() -> sessions.delete(caller, old));
      assertGone(() -> sessions.cancel(caller, old));
      assertGone(() -> sessions.attach(old, AttachOptions.reader(0, true)));
      assertThat(exec("aba").getMetadata().getUid()).isEqualTo(now.getMetadata().getUid());
      assertThat(exec("aba").statusOrEmpty().ended()).isFalse();
      assertThat(exec("aba").getSpec().desiredState()).isEqualTo(DesiredState.RUNNING);

      assertThat(sessions.cancel(caller, now).getSpec().desiredState())
          .isEqualTo(DesiredState.CANCELLED);
      sessions.delete(caller, now);
      assertThat(API.client().resource(now).get()).isNull();
    }
  }

  private interface Call {
    void run() throws Exception;
  }

  private static void assertGone(Call call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ApiException.class,
            refusal -> assertThat(refusal.type()).isEqualTo("session-not-found"));
  }

  @Test
  void theFirstOutcomeStandsWhateverAnOldViewWouldWrite() throws Exception {
    VMExec old = applied("first");
    primary.link.report(finished(old.getMetadata().getUid(), ExitReason.TIMED_OUT));
    await().until(() -> exec("first").statusOrEmpty().ended());
    VMExec ended = exec("first");
    Instant at = Clock.systemUTC().instant();

    StatusWriter writer = new StatusWriter(API.client(), SYSTEM, "stale");
    VMExecExit exit = VMExecExit.without(VMExecExitReason.LOST, "stale");
    assertThat(writer.write(old, status -> status.running(at, at))).isEqualTo(ended);
    assertThat(writer.write(old, status -> status.finished(exit, null, at, at))).isEqualTo(ended);
    assertThat(exec("first")).isEqualTo(ended);
  }

  @Test
  void aVmThatHasMovedTakesNoCommandAlong() throws Exception {
    VM moving = runningVm("moving");
    VMExec bound = new VMExec();
    bound.setMetadata(
        new ObjectMetaBuilder().withName("left-behind").withNamespace(namespace).build());
    bound.setSpec(
        VMExecSpec.of("moving", List.of("true"))
            .target(new Binding(moving.getMetadata().getUid(), "w1", "boot-1"))
            .build());
    String w2 = token("w2", "orchard-worker");
    try (FakeWorker newHome =
        FakeWorker.dial(primary.controller.workerPort(), certificate, "w2", w2, true)) {
      newHome.synced();
      await()
          .until(() -> {
            VM current = API.client().resource(moving).require();
            current.setStatus(current.statusOrEmpty().withWorkerName("w2").withBootID("boot-2"));
            API.client().resource(current).updateStatus();
            return true;
          });
      newHome.take(Instruction::hasPutVm);
      String uid = API.client().resource(bound).create().getMetadata().getUid();
      // Asked of the worker that it is bound to, which knows that this boot is no more.
      primary.link.take(i -> starts(i, uid));
      primary.link.report(finished(uid, ExitReason.LOST));
      await().until(() -> exec("left-behind").statusOrEmpty().ended());
      assertThat(exec("left-behind").statusOrEmpty().state()).isEqualTo(VMExecState.LOST);
      assertThat(newHome.has(i -> starts(i, uid))).isFalse();
    }
  }
}
