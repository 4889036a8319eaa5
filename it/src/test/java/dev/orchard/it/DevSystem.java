package dev.orchard.it;

import dev.orchard.dev.Dev;
import dev.orchard.dev.cluster.AssetsCluster;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.dev.tls.CertificateAuthority;
import dev.orchard.dev.tls.KeyAndCertificate;
import dev.orchard.worker.road.HttpProxy;
import dev.orchard.worker.road.Transport;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A dev system in this JVM, on a real API server: one for each runtime and road, started by the
 * first test that asks for it and ended with the JVM.
 *
 * <p>Without QEMU tests that ask for it fail in CI and are skipped elsewhere.
 */
public final class DevSystem {
  private static final Logger log = LoggerFactory.getLogger(DevSystem.class);
  private static final Map<Kind, DevSystem> SHARED = new HashMap<>();

  /** What tells one system from another. */
  private record Kind(RuntimeChoice runtime, Transport transport, @Nullable HttpProxy proxy) {}

  private final Path folder;
  private final TestCluster cluster;
  private final Dev dev;
  private final KubernetesClient kubernetes;

  private DevSystem(Path folder, TestCluster cluster, Dev dev, KubernetesClient kubernetes) {
    this.folder = folder;
    this.cluster = cluster;
    this.dev = dev;
    this.kubernetes = kubernetes;
  }

  /** The system of that runtime. What tests create in it needs names of their own. */
  public static DevSystem with(RuntimeChoice runtime) throws InterruptedException {
    return with(runtime, Transport.AUTO, null);
  }

  /** The system of that runtime whose worker takes that road to the controller. */
  public static synchronized DevSystem with(
      RuntimeChoice runtime, Transport transport, @Nullable HttpProxy proxy)
      throws InterruptedException {
    Kind kind = new Kind(runtime, transport, proxy);
    DevSystem running = SHARED.get(kind);
    if (running != null) {
      return running;
    }
    Prerequisite.require(
        runtime != RuntimeChoice.QEMU || hasQemu(),
        "qemu-system-x86_64 is not on PATH: install QEMU");
    DevSystem started = start(kind);
    SHARED.put(kind, started);
    // JUnit tells nobody of the end of its last class; etcd must not outlive us.
    Runtime.getRuntime().addShutdownHook(new Thread(started::close, "end-" + kind));
    return started;
  }

  public URI url() {
    return dev.ready().url();
  }

  public String token() {
    return dev.ready().token();
  }

  public Path kubeconfig() {
    return dev.ready().kubeconfig();
  }

  /** A user of the API server by certificate, without any rights. Needs a cluster of our own. */
  public KeyAndCertificate user(String name) {
    Path users = folder.resolve("data").resolve("cluster").resolve("users");
    Prerequisite.require(
        Files.isDirectory(users),
        "the API server is not ours, nor its users' authority: set KUBEBUILDER_ASSETS");
    return CertificateAuthority.in(users, AssetsCluster.USERS_AUTHORITY, Clock.systemUTC())
        .issue(name);
  }

  /** PEM file of the authority that signed the controller's certificate. */
  public Path certificateAuthority() {
    return dev.ready().ca();
  }

  /** A client with every right; not to be closed. */
  public KubernetesClient kubernetes() {
    return kubernetes;
  }

  private static DevSystem start(Kind kind) throws InterruptedException {
    TestCluster cluster = TestCluster.start();
    Path folder = temporaryFolder();
    Dev dev =
        Dev.start(
            cluster
                .settings(folder.resolve("data"), kind.runtime)
                .withTransport(kind.transport, kind.proxy),
            line -> log.info("{}: {}", kind, line));
    KubernetesClient kubernetes =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(dev.ready().kubeconfig().toFile()))
            .build();
    return new DevSystem(folder, cluster, dev, kubernetes);
  }

  private void close() {
    kubernetes.close();
    dev.close();
    cluster.close();
    try (var files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException("delete " + folder, e);
    }
  }

  private static boolean hasQemu() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "qemu-system-x86_64")));
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("orchard-it-");
    } catch (IOException e) {
      throw new UncheckedIOException("temporary folder", e);
    }
  }
}
