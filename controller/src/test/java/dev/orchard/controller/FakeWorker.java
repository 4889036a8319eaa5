package dev.orchard.controller;

import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.Answer;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Capacity;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.LinkHeartbeat;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.Synced;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A worker whose sessions are what a test says. */
public final class FakeWorker implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 10;

  private final String name;
  private final ManagedChannel channel;
  private final WorkerGatewayGrpc.WorkerGatewayStub stub;
  private final BlockingQueue<Instruction> instructions = new LinkedBlockingQueue<>();
  private final CompletableFuture<Status> over = new CompletableFuture<>();
  private final StreamObserver<WorkerReport> reports;

  private FakeWorker(int port, TestCertificate certificate, String name, String token) {
    this.name = name;
    try {
      channel =
          Grpc.newChannelBuilderForAddress(
                  "localhost",
                  port,
                  TlsChannelCredentials.newBuilder()
                      .trustManager(certificate.certificate().toFile())
                      .build())
              .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    stub =
        WorkerGatewayGrpc.newStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    reports =
        stub.link(
            new StreamObserver<>() {
              @Override
              public void onNext(Instruction instruction) {
                if (instruction.hasHeartbeat()) {
                  report(
                      WorkerReport.newBuilder()
                          .setHeartbeat(LinkHeartbeat.getDefaultInstance())
                          .build());
                } else {
                  instructions.add(instruction);
                }
              }

              @Override
              public void onError(Throwable failure) {
                over.complete(Status.fromThrowable(failure));
              }

              @Override
              public void onCompleted() {
                over.complete(Status.OK);
              }
            });
  }

  /** Dials with a token and registers under a name. */
  public static FakeWorker dial(
      int port, TestCertificate certificate, String name, String token, boolean primary) {
    FakeWorker worker = new FakeWorker(port, certificate, name, token);
    worker.register(primary, "");
    return worker;
  }

  /** Says what it is, once more. */
  public void register(boolean primary, String diskPressure) {
    report(
        WorkerReport.newBuilder()
            .setRegister(
                Register.newBuilder()
                    .setWorker(name)
                    .setVersion("1")
                    .setOs("linux")
                    .setArch("amd64")
                    .addRuntimes("process")
                    .setCapacity(Capacity.newBuilder().setCpu(4).setMemoryMib(8192))
                    .setPrimary(primary)
                    .setDiskPressure(diskPressure))
            .build());
  }

  public String name() {
    return name;
  }

  public synchronized void report(WorkerReport report) {
    reports.onNext(report);
  }

  public void report(VmReport report) {
    report(WorkerReport.newBuilder().setVm(report).build());
  }

  public void report(ExecReport report) {
    report(WorkerReport.newBuilder().setExec(report).build());
  }

  public void synced() {
    report(WorkerReport.newBuilder().setSynced(Synced.getDefaultInstance()).build());
  }

  /** How the link ended. */
  public Status over() throws Exception {
    return over.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** The next instruction of a kind; others before it are passed over. */
  public Instruction take(Predicate<Instruction> kind) throws InterruptedException {
    while (true) {
      Instruction next = instructions.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no such instruction came");
      }
      if (kind.test(next)) {
        return next;
      }
    }
  }

  /** Whether an instruction of a kind has come and was not taken. */
  public boolean has(Predicate<Instruction> kind) {
    return instructions.stream().anyMatch(kind);
  }

  /** The next start. */
  public Instruction takeStart() throws InterruptedException {
    return take(Instruction::hasStartExec);
  }

  /** Whether an instruction asks for a rendezvous. */
  public static boolean attaches(Instruction instruction) {
    return instruction.hasAttach()
        || (instruction.hasStartExec() && instruction.getStartExec().hasAttachment());
  }

  /** Answers an attachment. */
  public Stream answer(Attachment attachment) {
    return answer(attachment.getId());
  }

  /** Answers the next request for a connection to a port. */
  public Stream answerForward() throws InterruptedException {
    return answer(take(Instruction::hasForward).getForward().getId());
  }

  /** Answers whatever asked with an id. */
  public Stream answer(String id) {
    Stream stream = new Stream();
    stub.rendezvous(stream);
    stream.calls.onNext(
        WorkerFrame.newBuilder().setAnswer(Answer.newBuilder().setAttachment(id)).build());
    return stream;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** The worker's end of one attachment. */
  public static final class Stream implements ClientResponseObserver<WorkerFrame, ControllerFrame> {
    private final BlockingQueue<Frame> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<ForwardFrame> forwarded = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> over = new CompletableFuture<>();
    private final Semaphore ready = new Semaphore(0);

    @SuppressWarnings("NullAway.Init")
    private ClientCallStreamObserver<WorkerFrame> calls;

    @Override
    public void beforeStart(ClientCallStreamObserver<WorkerFrame> requests) {
      calls = requests;
      requests.setOnReadyHandler(ready::release);
    }

    /** Sends without waiting for room. */
    public Stream send(Frame.Out frame) {
      calls.onNext(WorkerFrame.newBuilder().setFrame(ProtoFrames.encode(frame)).build());
      return this;
    }

    /** Sends once there is room; false if there is none for {@code millis}. */
    public boolean sendWhenReady(Frame.Out frame, long millis) throws InterruptedException {
      while (!calls.isReady()) {
        if (!ready.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
          return false;
        }
      }
      send(frame);
      return true;
    }

    /** Sends once there is room; false if there is none for {@code millis}. */
    public boolean sendWhenReady(ForwardFrame frame, long millis) throws InterruptedException {
      while (!calls.isReady()) {
        if (!ready.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
          return false;
        }
      }
      send(frame);
      return true;
    }

    public Stream send(ForwardFrame frame) {
      calls.onNext(WorkerFrame.newBuilder().setForward(frame.encode()).build());
      return this;
    }

    public ForwardFrame takeForwarded() throws InterruptedException {
      ForwardFrame frame = forwarded.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (frame == null) {
        throw new AssertionError("no frame came");
      }
      return frame;
    }

    public void raw(WorkerFrame message) {
      calls.onNext(message);
    }

    public Frame take() throws InterruptedException {
      Frame frame = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (frame == null) {
        throw new AssertionError("no frame came");
      }
      return frame;
    }

    public boolean isEmpty() {
      return received.isEmpty();
    }

    public void complete() {
      calls.onCompleted();
    }

    public void cut() {
      calls.cancel("the worker died", null);
    }

    public boolean isOver() {
      return over.isDone();
    }

    /** How the controller ended it. */
    public Status over() throws Exception {
      return over.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void onNext(ControllerFrame message) {
      if (message.hasForward()) {
        forwarded.add(ForwardFrame.decode(message.getForward()));
      } else {
        received.add(ProtoFrames.decode(message.getFrame()));
      }
    }

    @Override
    public void onError(Throwable failure) {
      over.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      over.complete(Status.OK);
    }
  }
}
