package dev.orchard.exec.link;

import dev.orchard.proto.frame.v1.Frame;
import dev.orchard.proto.frame.v1.Output;
import dev.orchard.proto.frame.v1.Stdin;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.InfoRequest;
import dev.orchard.proto.guest.v1.ListReply;
import dev.orchard.proto.guest.v1.ListRequest;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicInteger;

/** A guest whose every command is {@code cat}; it takes stdin only while it may send. */
final class EchoAgent extends GuestAgentGrpc.GuestAgentImplBase {
  final AtomicInteger cancelled = new AtomicInteger();

  @Override
  public void info(InfoRequest request, StreamObserver<InfoReply> reply) {
    reply.onNext(InfoReply.newBuilder().setInstance("echo").build());
    reply.onCompleted();
  }

  @Override
  public void list(ListRequest request, StreamObserver<ListReply> reply) {
    reply.onError(
        Status.FAILED_PRECONDITION.withDescription("nothing here — at all").asRuntimeException());
  }

  @Override
  public StreamObserver<ExecInput> exec(StreamObserver<ExecOutput> output) {
    ServerCallStreamObserver<ExecOutput> call = (ServerCallStreamObserver<ExecOutput>) output;
    Echo echo = new Echo(call);
    call.disableAutoRequest();
    call.setOnReadyHandler(echo::ready);
    call.setOnCancelHandler(cancelled::incrementAndGet);
    return echo;
  }

  private static final class Echo implements StreamObserver<ExecInput> {
    private final ServerCallStreamObserver<ExecOutput> call;
    private boolean asked;

    Echo(ServerCallStreamObserver<ExecOutput> call) {
      this.call = call;
    }

    void ready() {
      if (!asked && call.isReady()) {
        asked = true;
        call.request(1);
      }
    }

    @Override
    public void onNext(ExecInput input) {
      Stdin stdin = input.getFrame().getStdin();
      Output stdout =
          Output.newBuilder().setOffset(stdin.getOffset()).setData(stdin.getData()).build();
      call.onNext(ExecOutput.newBuilder().setFrame(Frame.newBuilder().setStdout(stdout)).build());
      asked = false;
      ready();
    }

    @Override
    public void onError(Throwable cancelled) {}

    @Override
    public void onCompleted() {
      call.onCompleted();
    }
  }
}
