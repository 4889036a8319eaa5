package dev.orchard.controller.worker;

import dev.orchard.controller.auth.WorkerIdentity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The port that workers dial. */
public final class GatewayServer implements AutoCloseable {
  /** Bytes on their way of one attachment: DESIGN's room of a rendezvous. */
  private static final int WINDOW_BYTES = 256 << 10;

  /** Four times the largest frame, and room for a report with a tail. */
  private static final int MESSAGE_BYTES = 128 << 10;

  /** How often a worker is pinged, and may ping: a dead link is known soon on both sides. */
  private static final int KEEP_ALIVE_SECONDS = 10;

  private final Server server;
  private final ExecutorService threads;
  private final KubernetesHealth health;
  private final Links links = new Links();
  private final Rendezvous rendezvous = new Rendezvous();
  private final Reception reception;

  /** Starts to listen. */
  public GatewayServer(
      GatewaySettings settings,
      KubernetesClient own,
      ClusterObjects objects,
      StatusWriter writer,
      InstantSource clock) {
    threads = Executors.newVirtualThreadPerTaskExecutor();
    health = new KubernetesHealth(own, links::changed);
    WorkerLink.Shared shared = new WorkerLink.Shared(settings, objects, writer, health, clock);
    reception =
        new Reception(shared, new WorkerIdentity(own, settings.namespace()), links, rendezvous);
    try {
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(settings.bindAddress(), settings.port()),
                  TlsServerCredentials.create(
                      settings.certificate().toFile(), settings.privateKey().toFile()))
              .executor(threads)
              .flowControlWindow(WINDOW_BYTES)
              .maxInboundMessageSize(MESSAGE_BYTES)
              .permitKeepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
              .permitKeepAliveWithoutCalls(true)
              .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
              .addService(new Gateway(reception))
              .intercept(new Gateway.Credentials())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The port that was taken. */
  public int port() {
    return server.getPort();
  }

  public Links links() {
    return links;
  }

  public Rendezvous rendezvous() {
    return rendezvous;
  }

  /** Whether this replica reached the Kubernetes API when it last asked, some seconds ago. */
  public boolean kubernetesReachable() {
    return health.reachable();
  }

  /** For streams that come another way. */
  public Reception reception() {
    return reception;
  }

  @Override
  public void close() {
    server.shutdown();
    links.close();
    server.shutdownNow();
    health.close();
    threads.shutdownNow();
  }
}
