package dev.orchard.worker.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.worker.forward.Forwards;
import dev.orchard.worker.session.Sessions;
import dev.orchard.worker.vm.Vms;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The links to all controllers, of which one is primary: the first to connect, and when it breaks
 * the first in the list that is connected, until that breaks in turn.
 */
public final class Gateway {
  private static final int WINDOW_BYTES = 256 << 10;
  private static final int KEEP_ALIVE_SECONDS = 20;

  /** A start with 128 KiB of arguments and environment, and room for what is around it. */
  private static final int MAX_MESSAGE_BYTES = 1 << 20;

  /**
   * How controllers are reached.
   *
   * @param addresses host:port each
   * @param ca PEM file that controllers' certificates are checked against
   * @param token file that holds the worker's bearer token
   */
  public record Dialing(List<String> addresses, Path ca, Path token) {
    public Dialing {
      addresses = List.copyOf(addresses);
    }
  }

  private final Vms vms;
  private final Sessions sessions;
  private final Forwards forwards;
  private final ExecutorService callbacks = Executors.newVirtualThreadPerTaskExecutor();
  private final List<ControllerLink> links;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable ControllerLink primary;

  @GuardedBy("lock")
  private final Set<ControllerLink> reaching = new HashSet<>();

  /** Dials nobody yet. */
  public Gateway(
      Dialing dialing,
      WorkerIdentity identity,
      Noticeboard board,
      Vms vms,
      Sessions sessions,
      Forwards forwards) {
    this.vms = vms;
    this.sessions = sessions;
    this.forwards = forwards;
    this.links =
        dialing.addresses().stream()
            .map(address ->
                new ControllerLink(address, channel(dialing, address), identity, board, this))
            .toList();
  }

  public void start() {
    links.forEach(ControllerLink::start);
  }

  public void close() throws InterruptedException {
    for (ControllerLink link : links) {
      link.close();
    }
    callbacks.close();
  }

  Vms vms() {
    return vms;
  }

  Sessions sessions() {
    return sessions;
  }

  Forwards forwards() {
    return forwards;
  }

  /** True if the link is primary, because no other one is. */
  boolean claim(ControllerLink link) {
    lock.lock();
    try {
      if (primary == null) {
        primary = link;
      }
      return primary == link;
    } finally {
      lock.unlock();
    }
  }

  /** The link has broken: what only it knew is not so any more. */
  void release(ControllerLink link) throws InterruptedException {
    lock.lock();
    try {
      if (primary == link) {
        primary = links.stream().filter(ControllerLink::isConnected).findFirst().orElse(null);
        if (primary != null) {
          primary.promote();
        }
      }
    } finally {
      lock.unlock();
    }
    kubernetesReachable(link, false);
  }

  /** One replica that reaches the Kubernetes API is enough for clients to come back. */
  void kubernetesReachable(ControllerLink link, boolean reachable) throws InterruptedException {
    boolean before;
    boolean after;
    lock.lock();
    try {
      before = !reaching.isEmpty();
      if (reachable) {
        reaching.add(link);
      } else {
        reaching.remove(link);
      }
      after = !reaching.isEmpty();
    } finally {
      lock.unlock();
    }
    if (before != after) {
      sessions.kubernetesReachable(after);
    }
  }

  private ManagedChannel channel(Dialing dialing, String address) {
    try {
      return NettyChannelBuilder.forTarget(address)
          .sslContext(GrpcSslContexts.forClient().trustManager(dialing.ca().toFile()).build())
          .intercept(new BearerToken(dialing.token()))
          .executor(callbacks)
          .flowControlWindow(WINDOW_BYTES)
          .maxInboundMessageSize(MAX_MESSAGE_BYTES)
          .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
          .keepAliveWithoutCalls(true)
          .disableRetry()
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "controllers' CA %s is no PEM file of certificates".formatted(dialing.ca()), e);
    }
  }
}
