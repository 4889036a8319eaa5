package dev.orchard.worker.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.InfoRequest;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class GuestLinkTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String NOBODY = "nobody";

  @TempDir private Path folder;
  private final EventLoopGroup loop = new EpollEventLoopGroup(1);
  private final GuestDialer dialer = new GuestDialer();
  private final List<Guest> guests = new CopyOnWriteArrayList<>();
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private GuestLink link;

  @AfterEach
  void close() {
    link.close();
    dialer.close();
    var _ = loop.shutdownGracefully();
  }

  private Path socket() {
    return folder.resolve("agent.sock");
  }

  private Server agent(String instance) throws IOException {
    Files.deleteIfExists(socket());
    return NettyServerBuilder.forAddress(new DomainSocketAddress(socket().toFile()))
        .channelType(EpollServerDomainSocketChannel.class)
        .bossEventLoopGroup(loop)
        .workerEventLoopGroup(loop)
        .addService(
            new GuestAgentGrpc.GuestAgentImplBase() {
              @Override
              public void info(InfoRequest request, StreamObserver<InfoReply> reply) {
                reply.onNext(InfoReply.newBuilder().setInstance(instance).build());
                reply.onCompleted();
              }
            })
        .build()
        .start();
  }

  @BeforeEach
  void open() {
    link =
        dialer.open(
            "test",
            new GuestChannel.UnixSocket(socket()),
            guest -> {
              if (guest != null) {
                guests.add(guest);
              }
              heard.add(guest == null ? NOBODY : guest.instance());
            });
  }

  private void awaitHeard(String... wanted) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly(wanted));
  }

  @Test
  void anAgentIsFoundWhenItComesAndMissedWhenASessionSuspectsIt()
      throws IOException, InterruptedException {
    Server first = agent("one");
    awaitHeard("one");

    first.shutdownNow().awaitTermination();
    guests.getFirst().suspect();
    awaitHeard("one", NOBODY);

    Server second = agent("two");
    awaitHeard("one", NOBODY, "two");
    second.shutdownNow();
  }

  @Test
  void aSuspicionWithoutCauseChangesNothing() throws IOException {
    Server agent = agent("one");
    awaitHeard("one");

    guests.getFirst().suspect();

    await().during(Duration.ofMillis(300)).until(() -> heard.equals(List.of("one")));
    agent.shutdownNow();
  }

  @Test
  void anAgentThatTalksNonsenseIsNone() throws IOException {
    Server agent = agent("../../etc");

    await().during(Duration.ofMillis(300)).until(heard::isEmpty);
    agent.shutdownNow();
  }
}
