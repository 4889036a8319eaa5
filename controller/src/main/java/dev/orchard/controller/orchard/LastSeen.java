package dev.orchard.controller.orchard;

import dev.orchard.controller.auth.KubernetesApi;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * When a controller last had a link to a worker, as the workers' Leases say: asked for with this
 * replica's own rights, for callers who may see the worker.
 */
final class LastSeen {
  private static final String LEASE_PREFIX = "orchard-worker-";

  private final KubernetesClient own;
  private final String namespace;

  LastSeen(KubernetesClient own, String namespace) {
    this.own = own;
    this.namespace = namespace;
  }

  /** Times in RFC 3339, by the worker's name. */
  Map<String, String> all() {
    return KubernetesApi.call(() -> own.leases().inNamespace(namespace).list().getItems()).stream()
        .filter(lease -> lease.getMetadata().getName().startsWith(LEASE_PREFIX))
        .filter(lease -> lease.getSpec() != null && lease.getSpec().getRenewTime() != null)
        .collect(Collectors.toMap(LastSeen::worker, LastSeen::renewed));
  }

  private static String worker(Lease lease) {
    return lease.getMetadata().getName().substring(LEASE_PREFIX.length());
  }

  private static String renewed(Lease lease) {
    return lease.getSpec().getRenewTime().toInstant().toString();
  }
}
