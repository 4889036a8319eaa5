package dev.orchard.controller.worker;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Which workers have a link to this replica now. A worker's newer link ends its older one. */
public final class Links {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Map<String, WorkerLink> links = new ConcurrentHashMap<>();

  public Optional<WorkerLink> link(String worker) {
    return Optional.ofNullable(links.get(worker));
  }

  void add(WorkerLink link) {
    WorkerLink older = links.put(link.worker(), link);
    if (older != null) {
      older.end(new StreamEnd(StreamEnd.Kind.SUPERSEDED, "the worker has made a newer link"));
    }
  }

  void remove(WorkerLink link) {
    links.remove(link.worker(), link);
  }

  /** Tells every worker that this replica goes away. */
  public void drain() {
    links.values().forEach(WorkerLink::drain);
  }

  /** Ends all links and waits for their ends. */
  void close() {
    List<WorkerLink> open = List.copyOf(links.values());
    open.forEach(
        link -> link.end(new StreamEnd(StreamEnd.Kind.UNAVAILABLE, "the replica is going away")));
    try {
      for (WorkerLink link : open) {
        link.awaitOver(PATIENCE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells every link to look again. */
  void changed() {
    links.values().forEach(WorkerLink::changed);
  }
}
