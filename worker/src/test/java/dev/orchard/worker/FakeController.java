package dev.orchard.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.CancelExec;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.DeleteVm;
import dev.orchard.proto.worker.v1.Draining;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.ExecStored;
import dev.orchard.proto.worker.v1.Forward;
import dev.orchard.proto.worker.v1.Greeting;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.LinkHeartbeat;
import dev.orchard.proto.worker.v1.PowerState;
import dev.orchard.proto.worker.v1.PutVm;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.StartExec;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A replica's gateway without a replica: the test instructs, and looks at what is reported. */
final class FakeController extends WorkerGatewayGrpc.WorkerGatewayImplBase {
  static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Instruction HEARTBEAT =
      Instruction.newBuilder().setHeartbeat(LinkHeartbeat.getDefaultInstance()).build();

  /** The replica's end of what it has asked for. */
  interface RendezvousEnd {
    /**
     * The worker answers.
     *
     * @param room gets a permit when the stream has room again
     */
    void opened(ServerCallStreamObserver<ControllerFrame> stream, Semaphore room);

    void arrived(WorkerFrame message);

    void closed();
  }

  private final TestCertificate certificate;
  private final Map<String, VmReport> vms = new ConcurrentHashMap<>();
  private final Map<String, ExecReport> execs = new ConcurrentHashMap<>();
  private final List<Register> registers = new CopyOnWriteArrayList<>();
  private final List<String> tokens = new CopyOnWriteArrayList<>();
  private final Map<String, RendezvousEnd> expected = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable StreamObserver<Instruction>> link =
      new AtomicReference<>();
  private final Set<StreamObserver<Instruction>> registered = ConcurrentHashMap.newKeySet();
  private final AtomicInteger ended = new AtomicInteger();
  private final InetAddress address;
  private final Greeting greeting;
  private Server server;
  private int port;

  FakeController(TestCertificate certificate) throws IOException {
    this(certificate, InetAddress.getLoopbackAddress(), 0, UUID.randomUUID().toString(), 1);
  }

  /** One that listens on a port of one address and says how many replicas there are. */
  FakeController(
      TestCertificate certificate, InetAddress address, int port, String replica, int replicas)
      throws IOException {
    this.certificate = certificate;
    this.address = address;
    this.greeting =
        Greeting.newBuilder()
            .setReplica(replica)
            .setInstance(UUID.randomUUID().toString())
            .setReplicas(replicas)
            .build();
    this.server = listen(port);
    this.port = server.getPort();
  }

  private Server listen(int onPort) throws IOException {
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(address, onPort),
            TlsServerCredentials.newBuilder()
                .keyManager(certificate.keys().getKeyManagers())
                .build())
        .permitKeepAliveTime(1, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true)
        .flowControlWindow(256 << 10)
        .addService(this)
        .intercept(new TokenNote())
        .build()
        .start();
  }

  String address() {
    return "localhost:" + port;
  }

  /** Cuts every stream, and is back at the same address. */
  void restart() throws IOException, InterruptedException {
    stop();
    server = listen(port);
  }

  void stop() throws InterruptedException {
    link.set(null);
    vms.clear();
    execs.clear();
    server.shutdownNow().awaitTermination();
  }

  int port() {
    return port;
  }

  /** Whether a worker has a link that it has registered on. */
  boolean isLinked() {
    return link.get() != null;
  }

  /** How many links of a worker that had registered are over. */
  int ended() {
    return ended.get();
  }

  /** Says that there are so many replicas now. */
  void replicas(int count) {
    instruct(Instruction.newBuilder().setGreeting(greeting.toBuilder().setReplicas(count)).build());
  }

  List<Register> registers() {
    return registers;
  }

  List<String> tokens() {
    return tokens;
  }

  VmReport awaitVm(String uid, Predicate<VmReport> wanted) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(vms.get(uid)).isNotNull().matches(wanted));
    return requireNonNull(vms.get(uid));
  }

  ExecReport awaitExec(String uid, Predicate<ExecReport> wanted) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(execs.get(uid)).isNotNull().matches(wanted));
    return requireNonNull(execs.get(uid));
  }

  ExecReport awaitFinished(String uid) {
    return awaitExec(uid, report -> report.getState() == ExecState.EXEC_FINISHED);
  }

  void awaitUnlinked() {
    await().atMost(PATIENCE).until(() -> link.get() == null);
  }

  @Nullable ExecReport exec(String uid) {
    return execs.get(uid);
  }

  /** Powers a VM on and waits for its agent. */
  VmReport powerOn(String uid) {
    putVm(uid, PowerState.POWER_RUNNING);
    return awaitVm(uid, VmReport::hasGuest);
  }

  void putVm(String uid, PowerState power) {
    putVm(uid, power, "");
  }

  void putVm(String uid, PowerState power, String runtime) {
    instruct(
        Instruction.newBuilder()
            .setPutVm(
                PutVm.newBuilder()
                    .setUid(uid)
                    .setNamespace("default")
                    .setName("vm")
                    .setImage("default")
                    .setRuntime(runtime)
                    .setPowerState(power))
            .build());
  }

  void deleteVm(String uid) {
    instruct(Instruction.newBuilder().setDeleteVm(DeleteVm.newBuilder().setUid(uid)).build());
  }

  void start(ExecSpec spec) {
    instruct(Instruction.newBuilder().setStartExec(StartExec.newBuilder().setSpec(spec)).build());
  }

  Reader startAttached(ExecSpec spec, Attachment.Builder attachment) {
    Reader reader = expect(attachment.setExecUid(spec.getUid()));
    instruct(
        Instruction.newBuilder()
            .setStartExec(StartExec.newBuilder().setSpec(spec).setAttachment(attachment))
            .build());
    return reader;
  }

  Reader attach(Attachment.Builder attachment) {
    Reader reader = expect(attachment);
    instruct(Instruction.newBuilder().setAttach(attachment).build());
    return reader;
  }

  void cancel(String uid) {
    instruct(
        Instruction.newBuilder()
            .setCancelExec(CancelExec.newBuilder().setUid(uid).setMessage("a test"))
            .build());
  }

  void drain() {
    instruct(Instruction.newBuilder().setDraining(Draining.getDefaultInstance()).build());
  }

  void stored(String uid) {
    instruct(Instruction.newBuilder().setExecStored(ExecStored.newBuilder().setUid(uid)).build());
  }

  private Reader expect(Attachment.Builder attachment) {
    Reader reader = new Reader();
    attachment.setId(UUID.randomUUID().toString());
    expected.put(attachment.getId(), reader);
    return reader;
  }

  /** Asks for a connection to a port of a VM. */
  Forwarded forward(String vmUid, int port, Duration timeout) {
    Forwarded forwarded = new Forwarded();
    String id = UUID.randomUUID().toString();
    expected.put(id, forwarded);
    instruct(
        Instruction.newBuilder()
            .setForward(
                Forward.newBuilder()
                    .setId(id)
                    .setVmUid(vmUid)
                    .setPort(port)
                    .setTimeoutMs(timeout.toMillis()))
            .build());
    return forwarded;
  }

  private void instruct(Instruction instruction) {
    if (link.get() == null) {
      await().atMost(PATIENCE).until(() -> link.get() != null);
    }
    StreamObserver<Instruction> open = requireNonNull(link.get());
    synchronized (open) {
      open.onNext(instruction);
    }
  }

  @Override
  public StreamObserver<WorkerReport> link(StreamObserver<Instruction> instructions) {
    instructions.onNext(Instruction.newBuilder().setGreeting(greeting).build());
    return new StreamObserver<>() {
      @Override
      public void onNext(WorkerReport report) {
        switch (report.getReportCase()) {
          case REGISTER -> {
            registers.add(report.getRegister());
            registered.add(instructions);
          }
          case VM -> vms.put(report.getVm().getUid(), report.getVm());
          case EXEC -> execs.put(report.getExec().getUid(), report.getExec());
          case SYNCED -> {
            link.set(instructions);
          }
          case HEARTBEAT -> {
            synchronized (instructions) {
              instructions.onNext(HEARTBEAT);
            }
          }
          case REPORT_NOT_SET -> {}
        }
      }

      @Override
      public void onError(Throwable why) {
        unlinked();
      }

      private void unlinked() {
        if (registered.remove(instructions)) {
          ended.incrementAndGet();
        }
        link.compareAndSet(instructions, null);
      }

      @Override
      public void onCompleted() {
        unlinked();
        instructions.onCompleted();
      }
    };
  }

  @Override
  public StreamObserver<WorkerFrame> rendezvous(StreamObserver<ControllerFrame> out) {
    ServerCallStreamObserver<ControllerFrame> stream =
        (ServerCallStreamObserver<ControllerFrame>) out;
    stream.disableAutoRequest();
    Semaphore room = new Semaphore(0);
    stream.setOnReadyHandler(room::release);
    stream.request(1);
    return new StreamObserver<>() {
      private @Nullable RendezvousEnd reader;

      @Override
      public void onNext(WorkerFrame message) {
        if (reader == null) {
          RendezvousEnd asked =
              requireNonNull(expected.remove(message.getAnswer().getAttachment()));
          reader = asked;
          asked.opened(stream, room);
        } else {
          reader.arrived(message);
        }
      }

      @Override
      public void onError(Throwable why) {
        if (reader != null) {
          reader.closed();
        }
      }

      @Override
      public void onCompleted() {
        if (reader != null) {
          reader.closed();
        }
        stream.onCompleted();
      }
    };
  }

  private final class TokenNote implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      tokens.add(
          String.valueOf(
              headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER))));
      return next.startCall(call, headers);
    }
  }
}
