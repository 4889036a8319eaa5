package dev.orchard.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.orchard.controller.web.HttpLimits;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.worker.v1.Guest;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;

/** A replica on free ports, its Kubernetes API, a worker {@code w1} and an HTTP client. */
public final class Fixture implements AutoCloseable {
  public static final ObjectMapper JSON = new ObjectMapper();

  public final TestApi api = new TestApi();
  public final KubernetesClient kubernetes = api.own();
  public final TestCertificate certificate;
  public final Controller controller;
  public final HttpClient http;

  private Fixture(Path folder, UnaryOperator<ControllerSettings> change) {
    certificate = TestCertificate.in(folder);
    controller =
        Controller.start(
            change.apply(
                ControllerSettings.of(certificate.certificate(), certificate.key())
                    .withAddress("127.0.0.1", 0, 0)),
            kubernetes);
    http =
        HttpClient.newBuilder()
            .sslContext(certificate.clientContext())
            .connectTimeout(Duration.ofSeconds(10))
            .build();
  }

  public static Fixture start(Path folder) {
    return start(folder, ControllerSettings.Timeouts.DEFAULT);
  }

  public static Fixture start(Path folder, ControllerSettings.Timeouts timeouts) {
    return start(folder, timeouts, HttpLimits.DEFAULT);
  }

  public static Fixture start(
      Path folder, ControllerSettings.Timeouts timeouts, HttpLimits limits) {
    return start(folder, settings -> settings.withTimeouts(timeouts).withLimits(limits));
  }

  public static Fixture start(Path folder, UnaryOperator<ControllerSettings> change) {
    Fixture fixture = new Fixture(folder, change);
    Awaitility.await().until(() -> fixture.get("/readyz", TestApi.ALICE).statusCode() == 200);
    return fixture;
  }

  /** A worker with the primary link, synced. */
  public FakeWorker worker(String name) throws InterruptedException {
    FakeWorker worker =
        FakeWorker.dial(controller.workerPort(), certificate, name, "worker:" + name, true);
    worker.take(instruction -> instruction.hasGreeting());
    worker.synced();
    Awaitility.await()
        .until(() ->
            kubernetes.leases().inNamespace("orchard-system").list().getItems().stream()
                .anyMatch(lease -> lease.getMetadata().getName().equals("orchard-worker-" + name)));
    return worker;
  }

  /** A VM that is placed on a worker, as an operator would. */
  public VM placedVm(String name, String worker) {
    VM vm = new VM();
    vm.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    vm.setSpec(VMSpec.ofImage("default"));
    VM created = kubernetes.resource(vm).create();
    created.setStatus(VMStatus.EMPTY.withWorkerName(worker));
    return kubernetes.resource(created).updateStatus();
  }

  /** A VM whose agent is connected, as its worker reports. */
  public VM readyVm(String name, FakeWorker worker) throws InterruptedException {
    VM vm = placedVm(name, worker.name());
    String uid = vm.getMetadata().getUid();
    worker.take(
        instruction -> instruction.hasPutVm() && instruction.getPutVm().getUid().equals(uid));
    worker.report(running(uid));
    Awaitility.await()
        .until(
            () -> kubernetes.resource(vm).get().statusOrEmpty().isTrue(VMStatus.AGENT_CONNECTED));
    return kubernetes.resource(vm).get();
  }

  public static VmReport running(String uid) {
    return VmReport.newBuilder()
        .setUid(uid)
        .setState(VmState.VM_RUNNING)
        .setBootId("boot-1")
        .setGuest(Guest.newBuilder().setAgent("orchard").setInstance("i1").setVersion("1"))
        .build();
  }

  /** A VMExec as somebody applies it, bound to the VM's present boot. */
  public VMExec boundExec(String name, VM vm, String worker) {
    VMExec exec = new VMExec();
    exec.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    exec.setSpec(
        VMExecSpec.of(vm.getMetadata().getName(), List.of("/bin/true"))
            .target(new Binding(vm.getMetadata().getUid(), worker, "boot-1"))
            .build());
    return kubernetes.resource(exec).create();
  }

  public VMExec exec(String name) {
    return kubernetes.resources(VMExec.class).inNamespace("default").withName(name).get();
  }

  public URI uri(String path) {
    return URI.create("https://localhost:" + controller.httpPort() + path);
  }

  public HttpRequest.Builder request(String path, String token) {
    return HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + token);
  }

  public HttpResponse<String> get(String path, String token)
      throws IOException, InterruptedException {
    return send(request(path, token).GET());
  }

  public HttpResponse<String> delete(String path, String token)
      throws IOException, InterruptedException {
    return send(request(path, token).DELETE());
  }

  public HttpResponse<String> post(String path, String token, String body)
      throws IOException, InterruptedException {
    return send(request(path, token).POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  public HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Sends on another thread, for the body to be read while the worker plays its part. */
  public Following follow(HttpRequest.Builder request) {
    return new Following(
        http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofInputStream()));
  }

  public Following start(String vm, String body) {
    return follow(
        request("/v1/vms/" + vm + "/exec", TestApi.ALICE)
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  public static JsonNode json(HttpResponse<String> response) throws IOException {
    return JSON.readTree(response.body());
  }

  public static List<JsonNode> lines(String body) {
    return Arrays.stream(body.split("\n"))
        .filter(line -> !line.isEmpty())
        .map(line -> {
          try {
            return JSON.readTree(line);
          } catch (IOException e) {
            throw new IllegalStateException(line, e);
          }
        })
        .toList();
  }

  public static List<String> events(String body) {
    return lines(body).stream().map(line -> line.path("event").asText()).toList();
  }

  public static Frame.Started started(String session) {
    return new Frame.Started(session, 7, "boot-1", "");
  }

  public static Frame.Output stdout(long offset, String text) {
    return new Frame.Output(StdStream.STDOUT, offset, ByteString.copyFromUtf8(text));
  }

  public static Frame.Exit exited(int code, long stdoutBytes) {
    return new Frame.Exit(
        code,
        null,
        ExitReason.EXITED,
        stdoutBytes,
        0,
        null,
        null,
        false,
        Duration.ofMillis(5),
        null);
  }

  public static Frame.Exit notStarted(int code, String message) {
    return new Frame.Exit(
        code, null, ExitReason.START_FAILED, 0, 0, null, null, false, Duration.ZERO, message);
  }

  public static String text(Frame frame) {
    return new String(JsonFrames.encode(frame), StandardCharsets.UTF_8).strip();
  }

  @Override
  public void close() {
    http.shutdownNow();
    controller.close();
    api.close();
  }

  /** A response that is being read. */
  public record Following(
      java.util.concurrent.CompletableFuture<HttpResponse<InputStream>> response) {
    public HttpResponse<InputStream> headers() throws Exception {
      return response.get(10, java.util.concurrent.TimeUnit.SECONDS);
    }

    public String body() throws Exception {
      try (InputStream body = headers().body()) {
        return new String(body.readAllBytes(), StandardCharsets.UTF_8);
      }
    }
  }
}
