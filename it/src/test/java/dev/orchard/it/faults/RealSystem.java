package dev.orchard.it.faults;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.worker.Worker;
import dev.orchard.dev.DevSettings;
import dev.orchard.dev.cluster.Aggregation;
import dev.orchard.dev.cluster.Cluster;
import dev.orchard.dev.cluster.ClusterAccess;
import dev.orchard.dev.cluster.Clusters;
import dev.orchard.dev.cluster.Kubeconfig;
import dev.orchard.dev.cluster.Preparation;
import dev.orchard.dev.guest.GuestSupplier;
import dev.orchard.dev.guest.GuestSupply;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.dev.secret.AccessToken;
import dev.orchard.dev.secret.OwnerFiles;
import dev.orchard.dev.tls.CertificateAuthority;
import dev.orchard.dev.tls.KeyAndCertificate;
import dev.orchard.it.ExecClient;
import dev.orchard.it.TestCluster;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole system whose parts are processes of their own, to be killed: a real API server, an
 * operator, several controller replicas and one worker. One for each runtime, started by the first
 * case that asks for it and ended with this JVM; a case leaves every part running.
 */
final class RealSystem {
  /** Of the controller, enough for any two of them to be away. */
  static final int REPLICAS = 3;

  static final String NAMESPACE = "default";

  private static final Logger log = LoggerFactory.getLogger(RealSystem.class);

  // A loaded machine without KVM takes 64 s to boot a guest.
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration POLL = Duration.ofMillis(50);
  static final String WORKER = "worker";
  private static final String IMAGE = "default";
  private static final Map<RuntimeChoice, RealSystem> SHARED = new HashMap<>();

  private final Path folder;
  private final TestCluster testCluster;
  private final Cluster cluster;
  private final CertificateAuthority authority;
  private final KubernetesClient kubernetes;
  private final Path kubeconfig;

  /** Two of each replica, and two that are another address of any. */
  private final List<Integer> ports = freePorts(2 * REPLICAS + 2);

  private final HttpClient http;
  private final KeyAndCertificate serving;
  private final Path ticketKey;
  private final List<Part> controllers;
  private final Part operator;
  private final Part worker;
  private final GuestSupply supply;

  @SuppressWarnings("this-escape")
  private RealSystem(RuntimeChoice runtime) throws InterruptedException {
    testCluster = TestCluster.start();
    folder = temporaryFolder();
    DevSettings settings = testCluster.settings(folder.resolve("data"), runtime);
    Path data = OwnerFiles.folder(settings.data());
    authority =
        CertificateAuthority.in(data.resolve("pki"), "orchard-faults-ca", Clock.systemUTC());
    cluster =
        new Clusters(
                data.resolve("cluster"),
                settings.assets(),
                settings.kubeconfig(),
                authority,
                AccessToken.in(data.resolve("token")),
                Clock.systemUTC())
            .open(settings.cluster());
    ClusterAccess access = cluster.access();
    kubernetes = access.newClient();
    Preparation.apply(kubernetes, Clock.systemUTC());
    kubeconfig = data.resolve("kubeconfig");
    OwnerFiles.write(kubeconfig, Kubeconfig.yaml(access, server(0), authority.certificatePem()));
    http = HttpClient.newBuilder().sslContext(ExecClient.trusting(ca())).build();
    serving = authority.issue("controller", Aggregation.SERVER_NAME);
    ticketKey = data.resolve("ticket-key");
    OwnerFiles.write(ticketKey, Base64.getEncoder().encodeToString(new byte[32]) + "\n");
    controllers = IntStream.range(0, REPLICAS).mapToObj(index -> controller(index, index)).toList();
    operator = operator("operator");
    supply =
        new GuestSupplier(settings.path(), Path.of("..", "images", "guest", "build"), _ -> {})
            .supply(runtime);
    worker =
        worker(
            WORKER,
            IntStream.range(0, REPLICAS)
                .mapToObj(index -> "127.0.0.1:" + workerPort(index))
                .collect(Collectors.joining(",")));
  }

  /** The system of that runtime, with every part running. */
  static synchronized RealSystem with(RuntimeChoice runtime) throws InterruptedException {
    RealSystem system = SHARED.get(runtime);
    if (system == null) {
      system = new RealSystem(runtime);
      SHARED.put(runtime, system);
      // JUnit tells nobody of the end of its last class; nothing must outlive us.
      Runtime.getRuntime().addShutdownHook(new Thread(system::end, "end-" + runtime));
      system.start();
    }
    return system;
  }

  /** Port of a replica's HTTP API. */
  int port(int replica) {
    return ports.get(2 * replica);
  }

  /** Port of a replica's gRPC gateway. */
  int workerPort(int replica) {
    return ports.get(2 * replica + 1);
  }

  /** The unix socket by which the worker reaches the agent of a VM. */
  Path agentSocket(String vm) {
    Path folder =
        this.folder
            .resolve("data")
            .resolve("worker")
            .resolve("vms")
            .resolve(Objects.requireNonNull(vm(vm)).getMetadata().getUid());
    try {
      Path elsewhere = folder.resolve("sockets");
      return (Files.exists(elsewhere) ? Path.of(Files.readString(elsewhere)) : folder)
          .resolve("agent.sock");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Base address of a replica's HTTP API. */
  URI server(int replica) {
    return URI.create("https://127.0.0.1:" + ports.get(2 * replica));
  }

  /** Those of all replicas. */
  List<URI> servers() {
    return IntStream.range(0, REPLICAS).mapToObj(this::server).toList();
  }

  /** May do everything, at the API server and at the controller. */
  String token() {
    return cluster.access().token();
  }

  /** PEM file of the authority that signed the controllers' certificates. */
  Path ca() {
    return authority.certificateFile();
  }

  /** Of the controllers, for those who stand before one. */
  KeyAndCertificate serving() {
    return serving;
  }

  /** A client with every right; not to be closed. */
  KubernetesClient kubernetes() {
    return kubernetes;
  }

  List<Part> controllers() {
    return controllers;
  }

  Part operator() {
    return operator;
  }

  Part worker() {
    return worker;
  }

  /** One more operator beside the first, which is not started. */
  Part operator(String name) {
    return new Part(
        name,
        new Jvm("dev.orchard.operator.Main", 192),
        List.of(),
        Map.of("KUBECONFIG", kubeconfig.toString()),
        () -> true);
  }

  /** A new VM; returns when commands can run in it. */
  void createVm(String name) {
    VM vm = new VM();
    vm.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(NAMESPACE).build());
    vm.setSpec(VMSpec.ofImage(IMAGE));
    kubernetes.resource(vm).create();
    await("the agent of VM " + name, () -> isConnected(name));
  }

  private @Nullable VM vm(String name) {
    return kubernetes.resources(VM.class).inNamespace(NAMESPACE).withName(name).get();
  }

  /** Of the boot that runs, as its object says. */
  String bootId(String vm) {
    return Objects.requireNonNull(Objects.requireNonNull(vm(vm)).statusOrEmpty().bootID());
  }

  private boolean isConnected(String name) {
    VM object = vm(name);
    return object != null
        && Conditions.isTrue(object.statusOrEmpty().conditions(), "AgentConnected");
  }

  /** Returns when it is deleted, with all that its worker has of it. */
  void deleteVm(String name) {
    kubernetes.resources(VM.class).inNamespace(NAMESPACE).withName(name).delete();
    await("the end of VM " + name, () -> vm(name) == null);
  }

  /** What is to be run in a VM, and has been. */
  List<VMExec> execs(String vm) {
    return kubernetes.resources(VMExec.class).inNamespace(NAMESPACE).list().getItems().stream()
        .filter(exec -> exec.getSpec().vmName().equals(vm))
        .toList();
  }

  /** The process that is the machine: QEMU's, or the guest agent's. */
  ProcessHandle machine(String vm) {
    List<ProcessHandle> found = ours(Objects.requireNonNull(vm(vm)).getMetadata().getUid());
    if (found.size() != 1) {
      throw new IllegalStateException("VM %s has the processes %s".formatted(vm, found));
    }
    return found.getFirst();
  }

  /** For a case that ends it; that case starts it again. */
  ApiServer apiServer() {
    return ApiServer.in(folder);
  }

  /** Returns when it holds, or throws in the end. */
  static void await(String what, BooleanSupplier condition) {
    Awaitility.await(what).atMost(PATIENCE).pollInterval(POLL).until(condition::getAsBoolean);
  }

  private void start() throws InterruptedException {
    train();
    operator.start();
    controllers.forEach(Part::start);
    worker.start();
    for (Part part : parts()) {
      part.awaitReady();
    }
  }

  /** The first start of each kind of part is what later ones are made cheap by. */
  private void train() throws InterruptedException {
    List<Part> learners = List.of(operator, controllers.getFirst(), worker);
    if (learners.stream().allMatch(Part::isTrained)) {
      return;
    }
    learners.forEach(Part::startTraining);
    for (Part part : learners) {
      part.awaitReady();
    }
    createVm("training");
    Reader reader = new Reader(this, List.of(server(0)));
    reader.run("training", "training", List.of("/bin/echo", "hi"), _ -> {}, _ -> {});
    reader.read("training", "training", _ -> {});
    deleteVm("training");
    for (Part part : learners) {
      part.terminate();
    }
  }

  private List<Part> parts() {
    List<Part> parts = new ArrayList<>(controllers);
    parts.add(operator);
    parts.add(worker);
    return parts;
  }

  /**
   * Another process of a replica's name, at ports of its own: {@link #port} and {@link #workerPort}
   * of {@link #REPLICAS}.
   */
  Part controllerElsewhere(int index) {
    return controller(index, REPLICAS);
  }

  private Part controller(int index, int at) {
    String name = "replica-" + index;
    return new Part(
        name,
        new Jvm("dev.orchard.controller.Main", 256),
        List.of(),
        Map.ofEntries(
            Map.entry("KUBECONFIG", kubeconfig.toString()),
            Map.entry("ORCHARD_TLS_CERT", serving.certificate().toString()),
            Map.entry("ORCHARD_TLS_KEY", serving.key().toString()),
            Map.entry("ORCHARD_BIND_ADDRESS", "127.0.0.1"),
            Map.entry("ORCHARD_HTTP_PORT", Integer.toString(port(at))),
            Map.entry("ORCHARD_WORKER_PORT", Integer.toString(workerPort(at))),
            // One caller is all of them.
            Map.entry("ORCHARD_CALLER_REQUESTS", "5000"),
            Map.entry("ORCHARD_CALLER_STARTS", "1000"),
            Map.entry("ORCHARD_REPLICA", name),
            Map.entry("ORCHARD_REPLICAS", Integer.toString(REPLICAS)),
            Map.entry("ORCHARD_TICKET_KEY", ticketKey.toString())),
        () -> isReady(server(at)));
  }

  /** A worker of that name, which is not started, and the list of controllers that it is given. */
  Part worker(String name, String controllers) {
    Path data = folder.resolve("data");
    Path token = data.resolve(name + "-token");
    OwnerFiles.write(token, Preparation.workerToken(kubernetes, name));
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--name", name, "--controllers", controllers));
    arguments.addAll(List.of("--data-dir", data.resolve(name).toString()));
    arguments.addAll(List.of("--controller-ca", ca().toString()));
    arguments.addAll(List.of("--token-file", token.toString()));
    arguments.addAll(List.of("--cpu", "64", "--memory", "65536"));
    switch (supply) {
      case GuestSupply.Qemu(Path _, Path image) ->
          arguments.addAll(
              List.of(
                  "--runtimes",
                  "qemu",
                  "--images",
                  "%s=%s:%s:%s"
                      .formatted(
                          IMAGE,
                          image.resolve("vmlinuz"),
                          image.resolve("initrd"),
                          image.resolve("root.ext4"))));
      case GuestSupply.Processes _ ->
          arguments.addAll(
              List.of(
                  "--runtimes",
                  "process",
                  "--agent-command",
                  String.join(" ", new Jvm("dev.orchard.agent.Main", 128).command(List.of()))));
    }
    return new Part(
        name,
        new Jvm("dev.orchard.worker.Main", 256),
        arguments,
        Map.of(),
        () -> isWorkerReady(name));
  }

  private boolean isReady(URI server) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(server.resolve("/readyz")).timeout(PATIENCE).build();
      return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException _) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean isWorkerReady(String name) {
    Worker object = kubernetes.resources(Worker.class).withName(name).get();
    return object != null && Conditions.isTrue(object.statusOrEmpty().conditions(), "Ready");
  }

  private void end() {
    try {
      kubernetes.resources(VM.class).inNamespace(NAMESPACE).list().getItems().stream()
          .map(vm -> vm.getMetadata().getName())
          .forEach(this::deleteVm);
    } catch (RuntimeException e) {
      log.warn("VMs are left to be killed", e);
    }
    try {
      for (Part part : parts()) {
        part.kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Machines outlive their worker.
    ours("").forEach(ProcessHandle::destroyForcibly);
    kubernetes.close();
    cluster.close();
    // One that a case has started again.
    ProcessHandle.current()
        .children()
        .filter(child -> ApiServer.commandLine(child).contains(folder.toString()))
        .forEach(ProcessHandle::destroyForcibly);
    testCluster.close();
    http.shutdownNow();
    try (var files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException("delete " + folder, e);
    }
  }

  /** Machines of our workers that have this on their command line. */
  private List<ProcessHandle> ours(String argument) {
    String data = folder.resolve("data").toString();
    return ProcessHandle.allProcesses()
        .filter(process -> {
          String line = ApiServer.commandLine(process);
          return line.contains(data) && line.contains("/vms/") && line.contains(argument);
        })
        .toList();
  }

  // All are held until all are known, or the system might name one twice.
  private static List<Integer> freePorts(int count) {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      List<Integer> ports = held.stream().map(ServerSocket::getLocalPort).toList();
      for (ServerSocket socket : held) {
        socket.close();
      }
      return ports;
    } catch (IOException e) {
      throw new UncheckedIOException("find free ports on 127.0.0.1", e);
    }
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("orchard-faults-");
    } catch (IOException e) {
      throw new UncheckedIOException("temporary folder", e);
    }
  }
}
