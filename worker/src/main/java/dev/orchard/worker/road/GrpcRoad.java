package dev.orchard.worker.road;

import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.stream.GrpcStream;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.StreamListener;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** gRPC: every stream is one of HTTP/2, on one connection. */
final class GrpcRoad implements Road {
  private static final Logger log = LoggerFactory.getLogger(GrpcRoad.class);
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final int WINDOW_BYTES = 256 << 10;

  /** A start with 128 KiB of arguments and environment, and room for what is around it. */
  private static final int MAX_MESSAGE_BYTES = 1 << 20;

  private final String address;
  private final ExecutorService callbacks = Executors.newVirtualThreadPerTaskExecutor();
  private final ManagedChannel channel;
  private final WorkerGatewayGrpc.WorkerGatewayStub replica;

  /**
   * @param address as it is written, which certificates are checked against
   * @param at the address behind it; absent: gRPC looks for one
   */
  GrpcRoad(String address, @Nullable InetAddress at, Dialing dialing) {
    this.address = address;
    this.channel = channel(builder(address, at), dialing);
    this.replica = WorkerGatewayGrpc.newStub(channel);
  }

  private static NettyChannelBuilder builder(String address, @Nullable InetAddress at) {
    if (at == null) {
      return NettyChannelBuilder.forTarget(address);
    }
    int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    return NettyChannelBuilder.forAddress(new InetSocketAddress(at, port))
        .overrideAuthority(address);
  }

  private ManagedChannel channel(NettyChannelBuilder builder, Dialing dialing) {
    Liveness liveness = dialing.liveness();
    try {
      return builder
          .sslContext(GrpcSslContexts.forClient().trustManager(dialing.ca().toFile()).build())
          .intercept(new Credentials(new BearerToken(dialing.token())))
          .executor(callbacks)
          .flowControlWindow(WINDOW_BYTES)
          .maxInboundMessageSize(MAX_MESSAGE_BYTES)
          .keepAliveTime(liveness.ping().toNanos(), TimeUnit.NANOSECONDS)
          .keepAliveTimeout(
              liveness.silence().minus(liveness.ping()).toNanos(), TimeUnit.NANOSECONDS)
          .keepAliveWithoutCalls(true)
          .disableRetry()
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "controllers' CA %s is no PEM file of certificates".formatted(dialing.ca()), e);
    }
  }

  /** Sends the worker's token with every call. */
  private record Credentials(BearerToken token) implements ClientInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new ClientInterceptors.CheckedForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        protected void checkedStart(Listener<A> listener, Metadata headers) throws StatusException {
          try {
            headers.put(AUTHORIZATION, token.header());
          } catch (IOException e) {
            throw Status.UNAUTHENTICATED.withDescription(e.getMessage()).withCause(e).asException();
          }
          delegate().start(listener, headers);
        }
      };
    }
  }

  @Override
  public String address() {
    return address;
  }

  @Override
  public boolean reach() throws InterruptedException {
    channel.resetConnectBackoff();
    long deadline = System.nanoTime() + CONNECT.toNanos();
    ConnectivityState state = channel.getState(true);
    while (state != ConnectivityState.READY) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        log.info("controller cannot be reached address={} state={}", address, state);
        return false;
      }
      CountDownLatch change = new CountDownLatch(1);
      channel.notifyWhenStateChanged(state, change::countDown);
      var _ = change.await(left, TimeUnit.NANOSECONDS);
      ConnectivityState next = channel.getState(true);
      if (state == ConnectivityState.CONNECTING && next == ConnectivityState.TRANSIENT_FAILURE) {
        log.info("controller cannot be reached address={} state={}", address, next);
        return false;
      }
      state = next;
    }
    return true;
  }

  @Override
  public MessageStream<WorkerReport> link(int requested, StreamListener<Instruction> listener) {
    return GrpcStream.open(replica::link, requested, listener);
  }

  /** On the link's own connection, and so to the link's own replica. */
  @Override
  public MessageStream<WorkerFrame> rendezvous(
      String name, StreamListener<ControllerFrame> listener) {
    return GrpcStream.open(replica::rendezvous, 0, listener);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    callbacks.close();
  }
}
