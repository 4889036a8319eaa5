package dev.orchard.controller.forward;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.VmGate;
import dev.orchard.controller.worker.Links;
import dev.orchard.controller.worker.Rendezvous;
import dev.orchard.controller.worker.WorkerLink;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.proto.worker.v1.Forward;
import java.time.Duration;
import java.util.Optional;

/** Connects to ports of VMs, for callers whose right to do so has been checked. */
public final class PortForwards {
  public static final int MAX_PORT = 65_535;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final VmGate gate;
  private final Links links;
  private final Rendezvous rendezvous;
  private final Duration patience;

  /**
   * @param patience for a worker to answer, and again for its guest to connect
   */
  public PortForwards(VmGate gate, Links links, Rendezvous rendezvous, Duration patience) {
    this.gate = gate;
    this.links = links;
    this.rendezvous = rendezvous;
    this.patience = patience;
  }

  /**
   * Connects to a port on the loopback of a VM.
   *
   * @param wait for the VM to be ready
   * @return once a program in the VM has taken the connection
   * @throws ApiException 404, 408, 417 of the VM; 503 where nothing listens, or nobody can be asked
   */
  public PortForward open(Place place, int port, Duration wait) throws InterruptedException {
    Binding target = gate.awaitReady(place.namespace(), place.vm(), wait);
    String worker = target.workerName();
    WorkerLink link =
        links
            .link(worker)
            .orElseThrow(() ->
                ApiException.unavailable(
                    "worker-unreachable",
                    "worker %s has no link to this replica: try again, or another replica"
                        .formatted(worker),
                    RETRY_AFTER));
    PortForward forward = new PortForward(rendezvous, worker, place.vm(), port);
    boolean told =
        link.forward(
            Forward.newBuilder()
                .setId(forward.id())
                .setVmUid(target.vmUID())
                .setPort(port)
                .setTimeoutMs(patience.toMillis())
                .build());
    forward.awaitOpen(told ? patience : Duration.ZERO);
    return forward;
  }

  /** The address of a VM's own network; 503 where it has none, as behind a port-forward. */
  String address(Place place, Duration wait) throws InterruptedException {
    gate.awaitReady(place.namespace(), place.vm(), wait);
    VM vm = gate.require(place.namespace(), place.vm());
    return Optional.ofNullable(vm.statusOrEmpty().ip())
        .orElseThrow(() ->
            ApiException.unavailable(
                "no-address",
                "vm %s has no network that its agent knows of: use port-forward"
                    .formatted(place.vm()),
                RETRY_AFTER));
  }
}
