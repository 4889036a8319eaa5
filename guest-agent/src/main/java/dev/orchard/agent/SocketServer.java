package dev.orchard.agent;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Serves gRPC over a unix socket that its owner alone may connect to. One thread carries all
 * connections: the service only hands messages on.
 */
public final class SocketServer implements AutoCloseable {
  /** Of {@code sun_path}, its final zero left out. */
  private static final int MAX_PATH_BYTES = 107;

  private static final long CLOSE_MILLIS = 1_000;

  /** It warns at every connection that a unix socket has no TCP keep-alive. */
  private static final Logger NETTY_OPTIONS =
      Logger.getLogger("io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap");

  static {
    NETTY_OPTIONS.setLevel(Level.SEVERE);
  }

  private final EventLoopGroup events;
  private final Server server;

  private SocketServer(EventLoopGroup events, Server server) {
    this.events = events;
    this.server = server;
  }

  /**
   * Serves at a path, from which a socket that a dead agent left is removed.
   *
   * @throws IOException where the socket cannot be made
   */
  public static SocketServer start(Path path, BindableService service) throws IOException {
    int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_PATH_BYTES) {
      throw new IOException(
          "socket %s: %d bytes, the system allows %d: use a shorter path"
              .formatted(path, length, MAX_PATH_BYTES));
    }
    removeStale(path);
    boolean natives = Epoll.isAvailable();
    EventLoopGroup events = natives ? new EpollEventLoopGroup(1) : new NioEventLoopGroup(1);
    Class<? extends ServerChannel> channel =
        natives ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class;
    SocketAddress address =
        natives ? new DomainSocketAddress(path.toFile()) : UnixDomainSocketAddress.of(path);
    Server server =
        NettyServerBuilder.forAddress(address)
            .channelType(channel)
            .bossEventLoopGroup(events)
            .workerEventLoopGroup(events)
            .directExecutor()
            .addService(service)
            .build();
    try {
      server.start();
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      end(server, events);
      throw e;
    }
    return new SocketServer(events, server);
  }

  private static void removeStale(Path path) throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isOther()) {
        throw new IOException("socket " + path + ": is a file, name another path");
      }
      Files.delete(path);
    }
  }

  /** Ends every call. */
  @Override
  public void close() {
    end(server, events);
  }

  private static void end(Server server, EventLoopGroup events) {
    server.shutdownNow();
    events
        .shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(CLOSE_MILLIS);
  }
}
