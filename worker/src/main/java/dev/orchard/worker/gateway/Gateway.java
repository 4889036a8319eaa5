package dev.orchard.worker.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.proto.worker.v1.Greeting;
import dev.orchard.worker.forward.Forwards;
import dev.orchard.worker.road.Dialing;
import dev.orchard.worker.road.Liveness;
import dev.orchard.worker.road.Place;
import dev.orchard.worker.road.Road;
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
 * The links to all replicas, one to each, of which one is primary: the first to come up, and when
 * it breaks the one that has been up for longest, until that breaks in turn.
 */
public final class Gateway {
  private final Vms vms;
  private final Sessions sessions;
  private final Forwards forwards;
  private final WorkerIdentity identity;
  private final Noticeboard board;
  private final Liveness liveness;
  private final List<ReplicaSearch> searches;
  private final ReentrantLock lock = new ReentrantLock();

  /** Those that are up, in the order in which they came. */
  @GuardedBy("lock")
  private final Set<ControllerLink> links = new LinkedHashSet<>();

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
    this.identity = identity;
    this.board = board;
    this.liveness = dialing.liveness();
    this.searches =
        dialing.addresses().stream().map(entry -> new ReplicaSearch(entry, dialing, this)).toList();
  }

  public void start() {
    searches.forEach(ReplicaSearch::start);
  }

  public void close() throws InterruptedException {
    for (ReplicaSearch search : searches) {
      search.close();
    }
  }

  /** An attempt at a link that a search begins. */
  ControllerLink link(Place place, List<Road> roads, int first, ReplicaSearch search) {
    return new ControllerLink(place, roads, first, search, identity, board, liveness, this);
  }

  /** How many replicas there are, as those say that are linked; 0 while none is. */
  int replicas() {
    lock.lock();
    try {
      return links.stream().mapToInt(link -> link.greeting().getReplicas()).max().orElse(0);
    } finally {
      lock.unlock();
    }
  }

  /** How many of them are not linked and cannot all be at addresses where nobody was met yet. */
  int missing() {
    lock.lock();
    try {
      return replicas() - links.size() - searches.stream().mapToInt(ReplicaSearch::unseen).sum();
    } finally {
      lock.unlock();
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

  /** A replica has greeted. False if there is a link to it already. */
  boolean add(ControllerLink link) {
    lock.lock();
    try {
      return !isLinked(link) && links.add(link);
    } finally {
      lock.unlock();
    }
  }

  /** Whether there is a link to the replica that has greeted this one. */
  boolean isLinked(ControllerLink link) {
    lock.lock();
    try {
      return links.stream().anyMatch(other -> id(other).equals(id(link)));
    } finally {
      lock.unlock();
    }
  }

  /** One process: whoever comes after it under the same name is another one. */
  private static String id(ControllerLink link) {
    Greeting greeting = link.greeting();
    return greeting.getReplica() + "/" + greeting.getInstance();
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
  void remove(ControllerLink link) throws InterruptedException {
    lock.lock();
    try {
      links.remove(link);
      leaving.remove(link);
      if (primary == link) {
        primary = successor().or(() -> links.stream().findFirst()).orElse(null);
        if (primary != null) {
          primary.registerAgain();
        }
      }
    } finally {
      lock.unlock();
    }
    lookAgain();
    kubernetesReachable(link, false);
  }

  /** Replicas may be where they were not met before. */
  void lookAgain() {
    searches.forEach(ReplicaSearch::lookAgain);
  }

  /** The link's replica goes away: if there is another one, that is primary before it does. */
  void handOver(ControllerLink link) {
    lock.lock();
    try {
      leaving.add(link);
      Optional<ControllerLink> successor = successor();
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
  private Optional<ControllerLink> successor() {
    Set<ControllerLink> staying = new LinkedHashSet<>(links);
    staying.removeAll(leaving);
    return staying.stream().findFirst();
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
