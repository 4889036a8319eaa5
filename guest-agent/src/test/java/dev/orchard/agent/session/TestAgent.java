package dev.orchard.agent.session;

import dev.orchard.agent.SocketServer;
import dev.orchard.agent.process.ProcessLauncher;
import dev.orchard.exec.link.Carrier;
import dev.orchard.exec.link.LinkChannel;
import dev.orchard.exec.link.LinkServer;
import dev.orchard.exec.session.AgentSession;
import dev.orchard.proto.guest.v1.Attach;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.ListRequest;
import dev.orchard.proto.guest.v1.Start;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The real service in this process, spoken to over a real carriage. */
final class TestAgent {
  /** What the messages travel over. */
  enum Carriage {
    UNIX_SOCKET,
    FRAMED_LINK
  }

  /** Enough for three sessions' buffers, so that one alone never meets it. */
  static final long OUTPUT_BUDGET = 3L * AgentSession.BUFFER_BYTES;

  private static final Logger NETTY_OPTIONS =
      Logger.getLogger("io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap");

  static {
    NETTY_OPTIONS.setLevel(Level.SEVERE);
  }

  private final String instance = UUID.randomUUID().toString();
  private final SessionLoop loop =
      SessionLoop.start(instance, ProcessLauncher.amongOthers(), OUTPUT_BUDGET);
  private final List<AutoCloseable> closing = new ArrayList<>();
  private final Channel channel;

  TestAgent(Carriage carriage, Path folder) throws IOException {
    AgentService service = new AgentService(loop, InfoReply.newBuilder().setOs("Linux").build());
    Path socket = folder.resolve("agent.sock");
    channel =
        switch (carriage) {
          case UNIX_SOCKET -> overSocket(socket, service);
          case FRAMED_LINK -> overLink(socket, service);
        };
  }

  private Channel overSocket(Path socket, AgentService service) throws IOException {
    closing.add(SocketServer.start(socket, service));
    EpollEventLoopGroup events = new EpollEventLoopGroup(1);
    ManagedChannel opened =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
            .eventLoopGroup(events)
            .channelType(EpollDomainSocketChannel.class)
            .usePlaintext()
            .build();
    closing.addFirst(opened::shutdownNow);
    closing.addLast(() -> events.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(1_000));
    return opened;
  }

  private Channel overLink(Path socket, AgentService service) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    LinkServer server = LinkServer.start("test", () -> accept(listener), service);
    LinkChannel opened = LinkChannel.open("test", Carrier.unixSocket(socket));
    closing.addAll(List.of(listener, opened, server));
    return opened;
  }

  private static Carrier accept(ServerSocketChannel listener) throws IOException {
    return new SocketCarrier(listener.accept());
  }

  private record SocketCarrier(SocketChannel socket) implements Carrier {
    @Override
    public InputStream input() {
      return Channels.newInputStream(socket);
    }

    @Override
    public OutputStream output() {
      return Channels.newOutputStream(socket);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  String instance() {
    return instance;
  }

  SessionLoop loop() {
    return loop;
  }

  GuestAgentGrpc.GuestAgentBlockingStub blocking() {
    return GuestAgentGrpc.newBlockingStub(channel).withWaitForReady();
  }

  List<String> sessions() {
    return blocking().list(ListRequest.getDefaultInstance()).getSessionsList();
  }

  Start.Builder command(String id, String... command) {
    return Start.newBuilder().setId(id).setInstance(instance).addAllCommand(List.of(command));
  }

  TestStream start(Start.Builder start) {
    return open(ExecInput.newBuilder().setStart(start).build());
  }

  TestStream attach(String id, long from) {
    Attach attach = Attach.newBuilder().setId(id).setInstance(instance).setFrom(from).build();
    return open(ExecInput.newBuilder().setAttach(attach).build());
  }

  TestStream open(ExecInput first) {
    return new TestStream(GuestAgentGrpc.newStub(channel).withWaitForReady(), first);
  }

  TestForward forward(int port) {
    return forward(instance, port);
  }

  TestForward forward(String instance, int port) {
    return new TestForward(GuestAgentGrpc.newStub(channel).withWaitForReady(), instance, port);
  }

  void close() throws Exception {
    for (AutoCloseable one : closing) {
      one.close();
    }
    loop.stop();
  }
}
