package dev.orchard.worker.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.worker.forward.Forwards;
import dev.orchard.worker.road.Dialing;
import dev.orchard.worker.session.Sessions;
import dev.orchard.worker.vm.Vms;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The links to all controllers, of which one is primary: the first to connect, and when it breaks
 * the first in the list that is connected, until that breaks in turn.
 */
public final class Gateway {
  private final Vms vms;
  private final Sessions sessions;
  private final Forwards forwards;
  private final List<ControllerLink> links;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable ControllerLink primary;

  @GuardedBy("lock")
  private final Set<ControllerLink> leaving = new HashSet<>();

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
        dialing.roads().stream()
            .map(roads -> new ControllerLink(roads, identity, board, this))
            .toList();
  }

  public void start() {
    links.forEach(ControllerLink::start);
  }

  public void close() throws InterruptedException {
    for (ControllerLink link : links) {
      link.close();
    }
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
      leaving.remove(link);
      if (primary == link) {
        primary =
            successor(link)
                .or(() -> links.stream().filter(ControllerLink::isConnected).findFirst())
                .orElse(null);
        if (primary != null) {
          primary.registerAgain();
        }
      }
    } finally {
      lock.unlock();
    }
    kubernetesReachable(link, false);
  }

  /** The link's replica goes away: if there is another one, that is primary before it does. */
  void handOver(ControllerLink link) {
    lock.lock();
    try {
      leaving.add(link);
      Optional<ControllerLink> successor = successor(link);
      if (primary == link && successor.isPresent()) {
        primary = successor.get();
        primary.registerAgain();
        link.registerAgain();
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private Optional<ControllerLink> successor(ControllerLink of) {
    Set<ControllerLink> others = new LinkedHashSet<>(links);
    others.removeAll(leaving);
    others.remove(of);
    return others.stream().filter(ControllerLink::isConnected).findFirst();
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
}
