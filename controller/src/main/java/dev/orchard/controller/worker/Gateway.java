package dev.orchard.controller.worker;

import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.stub.StreamObserver;

/** The service that workers call over gRPC. */
final class Gateway extends WorkerGatewayGrpc.WorkerGatewayImplBase {
  private static final Context.Key<String> TOKEN = Context.key("worker-token");
  private static final String SCHEME = "Bearer ";

  private final Reception reception;

  Gateway(Reception reception) {
    this.reception = reception;
  }

  /** Hands the call's bearer token to the service. */
  static final class Credentials implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String header = headers.get(AUTHORIZATION);
      String token =
          header != null && header.startsWith(SCHEME) ? header.substring(SCHEME.length()) : "";
      return Contexts.interceptCall(Context.current().withValue(TOKEN, token), call, headers, next);
    }
  }

  @Override
  public StreamObserver<WorkerReport> link(StreamObserver<Instruction> answers) {
    String token = String.valueOf(TOKEN.get());
    return GrpcStream.accept(answers, stream -> reception.link(token, stream));
  }

  @Override
  public StreamObserver<WorkerFrame> rendezvous(StreamObserver<ControllerFrame> answers) {
    return GrpcStream.accept(answers, reception::rendezvous);
  }
}
