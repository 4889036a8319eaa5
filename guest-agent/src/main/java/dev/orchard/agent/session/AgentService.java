package dev.orchard.agent.session;

import dev.orchard.agent.forward.Forwards;
import dev.orchard.proto.forward.v1.ForwardFrame;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.ForwardInput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.InfoRequest;
import dev.orchard.proto.guest.v1.ListReply;
import dev.orchard.proto.guest.v1.ListRequest;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/** The agent as the worker meets it, whatever carries the calls. */
public final class AgentService extends GuestAgentGrpc.GuestAgentImplBase {
  private final SessionLoop loop;
  private final Forwards forwards;
  private final InfoReply info;

  /**
   * @param info all but the instance, which is the loop's, and the addresses
   */
  public AgentService(SessionLoop loop, InfoReply info) {
    this.loop = loop;
    this.forwards = new Forwards(loop.instance());
    this.info = info.toBuilder().setInstance(loop.instance()).build();
  }

  @Override
  public void info(InfoRequest request, StreamObserver<InfoReply> reply) {
    reply.onNext(info.toBuilder().addAllAddresses(Addresses.present()).build());
    reply.onCompleted();
  }

  @Override
  public void list(ListRequest request, StreamObserver<ListReply> reply) {
    // Without a handler an answer to somebody who has left would throw on the loop's thread.
    ((ServerCallStreamObserver<ListReply>) reply).setOnCancelHandler(() -> {});
    loop.list(ids -> {
      reply.onNext(ListReply.newBuilder().setInstance(loop.instance()).addAllSessions(ids).build());
      reply.onCompleted();
    });
  }

  @Override
  public StreamObserver<ExecInput> exec(StreamObserver<ExecOutput> output) {
    ExecStream stream = new ExecStream(loop, (ServerCallStreamObserver<ExecOutput>) output);
    stream.open();
    return stream;
  }

  @Override
  public StreamObserver<ForwardInput> forward(StreamObserver<ForwardFrame> output) {
    return forwards.open((ServerCallStreamObserver<ForwardFrame>) output);
  }
}
