package dev.orchard.it.faults;

import dev.orchard.dev.tls.KeyAndCertificate;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Stands before a replica's gRPC port and makes it believe that a worker's link is primary. */
final class PrimaryRelay extends WorkerGatewayGrpc.WorkerGatewayImplBase implements AutoCloseable {
  private final ManagedChannel channel;
  private final WorkerGatewayGrpc.WorkerGatewayStub replica;
  private final Server server;

  /**
   * Listens on a free port.
   *
   * @param token of the worker whose links these are
   * @param port of the replica
   */
  PrimaryRelay(KeyAndCertificate serving, Path ca, String token, int port) throws IOException {
    channel =
        Grpc.newChannelBuilderForAddress(
                "127.0.0.1",
                port,
                TlsChannelCredentials.newBuilder().trustManager(ca.toFile()).build())
            .build();
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    replica =
        WorkerGatewayGrpc.newStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    server =
        Grpc.newServerBuilderForPort(
                0,
                TlsServerCredentials.create(serving.certificate().toFile(), serving.key().toFile()))
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addService(this)
            .build()
            .start();
  }

  int port() {
    return server.getPort();
  }

  @Override
  public StreamObserver<WorkerReport> link(StreamObserver<Instruction> answers) {
    StreamObserver<WorkerReport> reports = replica.link(answers);
    return new StreamObserver<>() {
      @Override
      public void onNext(WorkerReport report) {
        reports.onNext(
            report.hasRegister()
                ? report.toBuilder()
                    .setRegister(report.getRegister().toBuilder().setPrimary(true))
                    .build()
                : report);
      }

      @Override
      public void onError(Throwable failure) {
        reports.onError(failure);
      }

      @Override
      public void onCompleted() {
        reports.onCompleted();
      }
    };
  }

  @Override
  public StreamObserver<WorkerFrame> rendezvous(StreamObserver<ControllerFrame> answers) {
    return replica.rendezvous(answers);
  }

  @Override
  public void close() {
    server.shutdownNow();
    channel.shutdownNow();
  }
}
