package dev.orchard.dev;

import dev.orchard.controller.Controller;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.dev.cluster.Aggregation;
import dev.orchard.dev.cluster.Cluster;
import dev.orchard.dev.cluster.ClusterAccess;
import dev.orchard.dev.cluster.Clusters;
import dev.orchard.dev.cluster.Kubeconfig;
import dev.orchard.dev.cluster.Preparation;
import dev.orchard.dev.guest.GuestSupplier;
import dev.orchard.dev.guest.GuestSupply;
import dev.orchard.dev.secret.AccessToken;
import dev.orchard.dev.secret.OwnerFiles;
import dev.orchard.dev.tls.CertificateAuthority;
import dev.orchard.dev.tls.KeyAndCertificate;
import dev.orchard.operator.Operator;
import dev.orchard.operator.OperatorSettings;
import dev.orchard.worker.Worker;
import dev.orchard.worker.road.ReplicaAddress;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;

/**
 * A whole system: a Kubernetes API, operator, controller and one worker, all of it listening on the
 * loopback interface only. Closing it ends everything that it started, its VMs included; what is in
 * its data folder stays and is found again by the next start.
 */
public final class Dev implements AutoCloseable {
  /** Name under which VMs get the guest image. */
  public static final String IMAGE = LocalWorker.IMAGE;

  private static final String LOOPBACK = "127.0.0.1";

  private final Parts parts;
  private final Ready ready;

  private Dev(Parts parts, Ready ready) {
    this.parts = parts;
    this.ready = ready;
  }

  /** Returns when VMs can be created, and {@code ready.json} says how. */
  public static Dev start(DevSettings settings, Progress progress) throws InterruptedException {
    Parts parts = new Parts();
    try {
      return new Dev(parts, start(settings, progress, Clock.systemUTC(), parts));
    } catch (InterruptedException | RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  public Ready ready() {
    return ready;
  }

  @Override
  public void close() {
    parts.close();
  }

  private static Ready start(DevSettings settings, Progress progress, Clock clock, Parts parts)
      throws InterruptedException {
    Path data = OwnerFiles.folder(settings.data());
    parts.add("lock", DataFolderLock.take(data));
    CertificateAuthority authority =
        CertificateAuthority.in(data.resolve("pki"), "orchard-dev-ca", clock);

    Cluster cluster =
        parts.add(
            "cluster",
            new Clusters(
                    data.resolve("cluster"),
                    settings.assets(),
                    settings.kubeconfig(),
                    authority,
                    AccessToken.in(data.resolve("token")),
                    clock)
                .open(settings.cluster()));
    progress.step("cluster: " + cluster.description());
    ClusterAccess access = cluster.access();
    KubernetesClient kubernetes = parts.add("kubernetes client", access.newClient());
    Preparation.apply(kubernetes, clock);

    parts.add("operator", Operator.start(kubernetes, OperatorSettings.DEFAULT));
    KeyAndCertificate serving = authority.issue("controller", Aggregation.SERVER_NAME);
    Controller controller =
        parts.add(
            "controller",
            Controller.start(
                ControllerSettings.of(serving.certificate(), serving.key())
                    .withAddress(LOOPBACK, 0, 0),
                kubernetes));
    URI url = URI.create("https://%s:%d".formatted(LOOPBACK, controller.httpPort()));
    progress.step("operator and controller: " + url);
    if (cluster.reachesLoopback()) {
      Aggregation.register(kubernetes, controller.httpPort(), authority.certificatePem(), clock);
    } else {
      progress.step("no execs through the API server: it cannot reach the controller here");
    }

    GuestSupply supply =
        new GuestSupplier(
                settings.path(),
                ProjectFolder.find("images/guest/build").orElse(null),
                progress::step)
            .supply(settings.runtime());
    progress.step("runtime: " + supply.description());
    LocalWorker local =
        new LocalWorker(
            data.resolve("worker"), supply, authority, settings.transport(), settings.proxy());
    Instant started = clock.instant();
    Worker worker =
        local.start(
            kubernetes,
            ReplicaAddress.parse("%s:%d|%s".formatted(LOOPBACK, controller.workerPort(), url)));
    parts.add("worker and its VMs", worker::end);
    local.awaitReady(kubernetes, started, clock);
    progress.step("worker: " + LocalWorker.NAME);

    Path kubeconfig = data.resolve("kubeconfig");
    OwnerFiles.write(kubeconfig, Kubeconfig.yaml(access, url, authority.certificatePem()));
    Ready ready =
        new Ready(
            url,
            access.token(),
            kubeconfig,
            authority.certificateFile(),
            ProcessHandle.current().pid());
    Path readyFile = data.resolve("ready.json");
    OwnerFiles.write(readyFile, ready.json());
    parts.add("ready.json", () -> Files.deleteIfExists(readyFile));
    return ready;
  }
}
