package dev.orchard.controller.worker;

import io.grpc.Status;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Which workers have a link to this replica now. A worker's newer link ends its older one. */
public final class Links {
  private final Map<String, WorkerLink> links = new ConcurrentHashMap<>();

  public Optional<WorkerLink> link(String worker) {
    return Optional.ofNullable(links.get(worker));
  }

  public Set<String> workers() {
    return Set.copyOf(links.keySet());
  }

  void add(WorkerLink link) {
    WorkerLink older = links.put(link.worker(), link);
    if (older != null) {
      older.end(Status.ABORTED.withDescription("the worker has made a newer link"));
    }
  }

  void remove(WorkerLink link) {
    links.remove(link.worker(), link);
  }

  /** Tells every link to look again. */
  void changed() {
    links.values().forEach(WorkerLink::changed);
  }
}
