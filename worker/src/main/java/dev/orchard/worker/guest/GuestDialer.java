package dev.orchard.worker.guest;

import dev.orchard.exec.link.Carrier;
import dev.orchard.exec.link.LinkChannel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Opens connections to agents. Close it when all its links are closed. */
public final class GuestDialer implements AutoCloseable {
  /** Of one message from a guest: a frame of 24,000 bytes, and room for what is around it. */
  static final int MAX_MESSAGE_BYTES = 64 << 10;

  /** What a guest may send ahead of what its session has taken. */
  private static final int WINDOW_BYTES = 256 << 10;

  private final EventLoopGroup loop = new EpollEventLoopGroup(1);
  private final ExecutorService callbacks = Executors.newVirtualThreadPerTaskExecutor();

  /** Keeps trying until closed; never fails. */
  public GuestLink open(String name, GuestChannel channel, GuestListener listener) {
    return new GuestLink(name, () -> dial(name, channel), listener);
  }

  private AgentChannel dial(String name, GuestChannel channel) {
    return switch (channel) {
      case GuestChannel.UnixSocket(Path path) -> {
        ManagedChannel grpc = connect(path);
        // A new one connects at once, this one would wait for its own, growing, backoff.
        yield new AgentChannel(grpc, false, grpc::shutdownNow);
      }
      case GuestChannel.VirtioSerial(Path path) -> {
        LinkChannel link = LinkChannel.open(name, Carrier.unixSocket(path));
        yield new AgentChannel(link, true, link::close);
      }
    };
  }

  private ManagedChannel connect(Path path) {
    return NettyChannelBuilder.forAddress(new DomainSocketAddress(path.toFile()))
        .channelType(EpollDomainSocketChannel.class)
        .eventLoopGroup(loop)
        .executor(callbacks)
        .usePlaintext()
        // gRPC would set it, and unix sockets have no such thing.
        .withOption(ChannelOption.SO_KEEPALIVE, null)
        .overrideAuthority("localhost")
        .flowControlWindow(WINDOW_BYTES)
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .disableRetry()
        .build();
  }

  @Override
  public void close() {
    var _ = loop.shutdownGracefully();
    callbacks.close();
  }
}
