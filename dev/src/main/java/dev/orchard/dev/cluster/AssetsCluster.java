package dev.orchard.dev.cluster;

import dev.orchard.dev.secret.OwnerFiles;
import dev.orchard.dev.tls.CertificateAuthority;
import dev.orchard.dev.tls.KeyAndCertificate;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A real API server and its etcd, on free ports of the loopback interface, with all their data in
 * one folder: the next start finds every object again. Nobody can speak to the etcd without a
 * certificate of ours.
 *
 * <p>No controllers run in it: nothing is garbage-collected, no namespace is ever finalized, and
 * there are no pods.
 */
public final class AssetsCluster implements Cluster {
  // A loaded machine took 40 s for what an idle one does in 5.
  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

  /** Name, and in the data the folder {@code users}, of what signs users' certificates. */
  public static final String USERS_AUTHORITY = "users";

  private static final Duration POLL = Duration.ofMillis(100);

  private final Path assets;
  private final ClusterAccess access;
  private final Daemon etcd;
  private final Daemon apiServer;

  private AssetsCluster(Path assets, ClusterAccess access, Daemon etcd, Daemon apiServer) {
    this.assets = assets;
    this.access = access;
    this.etcd = etcd;
    this.apiServer = apiServer;
  }

  /** Whether the folder holds what {@link #start} needs. */
  public static boolean areIn(Path assets) {
    return Files.isExecutable(assets.resolve("etcd"))
        && Files.isExecutable(assets.resolve("kube-apiserver"));
  }

  /**
   * Returns when the API server calls itself ready.
   *
   * @param assets where the executables are
   * @param data for etcd, logs and pid files
   * @param token may do everything
   */
  public static AssetsCluster start(
      Path assets, Path data, CertificateAuthority authority, String token, Clock clock) {
    OwnerFiles.folder(data);
    Daemon.sweep(data);
    List<Integer> ports = freePorts(3);
    String etcdUrl = "https://127.0.0.1:" + ports.get(0);
    String peerUrl = "https://127.0.0.1:" + ports.get(1);
    Daemon etcd =
        Daemon.start("etcd", data, etcdCommand(assets, data, authority, etcdUrl, peerUrl));
    Daemon apiServer = null;
    try {
      apiServer =
          Daemon.start(
              "kube-apiserver",
              data,
              apiServerCommand(assets, data, authority, token, etcdUrl, ports.get(2), clock));
      ClusterAccess access =
          new ClusterAccess(
              URI.create("https://127.0.0.1:" + ports.get(2)), authority.certificatePem(), token);
      AssetsCluster cluster = new AssetsCluster(assets, access, etcd, apiServer);
      cluster.awaitReady(clock);
      return cluster;
    } catch (RuntimeException e) {
      if (apiServer != null) {
        apiServer.close();
      }
      etcd.close();
      throw e;
    }
  }

  @Override
  public String description() {
    return "kube-apiserver and etcd of " + assets + ", started here; no pods, no controllers";
  }

  @Override
  public ClusterAccess access() {
    return access;
  }

  @Override
  public boolean reachesLoopback() {
    return true;
  }

  @Override
  public void close() {
    apiServer.close();
    etcd.close();
  }

  private static List<String> etcdCommand(
      Path assets, Path data, CertificateAuthority authority, String url, String peerUrl) {
    KeyAndCertificate server = authority.issue("etcd");
    String ca = authority.certificateFile().toString();
    List<String> command = new ArrayList<>(List.of(assets.resolve("etcd").toString()));
    command.addAll(List.of("--name", "dev", "--data-dir", data.resolve("etcd").toString()));
    command.addAll(List.of("--listen-client-urls", url, "--advertise-client-urls", url));
    command.addAll(List.of("--listen-peer-urls", peerUrl));
    command.addAll(List.of("--initial-advertise-peer-urls", peerUrl));
    command.addAll(List.of("--initial-cluster", "dev=" + peerUrl));
    command.addAll(List.of("--client-cert-auth", "--trusted-ca-file", ca));
    command.addAll(List.of("--cert-file", server.certificate().toString()));
    command.addAll(List.of("--key-file", server.key().toString()));
    command.addAll(List.of("--peer-client-cert-auth", "--peer-trusted-ca-file", ca));
    command.addAll(List.of("--peer-cert-file", server.certificate().toString()));
    command.addAll(List.of("--peer-key-file", server.key().toString()));
    // What a laptop loses with its power is not worth an fsync for each write.
    command.addAll(List.of("--unsafe-no-fsync", "--log-level", "warn"));
    return command;
  }

  private static List<String> apiServerCommand(
      Path assets,
      Path data,
      CertificateAuthority authority,
      String token,
      String etcdUrl,
      int port,
      Clock clock) {
    KeyAndCertificate server = authority.issue("kube-apiserver");
    KeyAndCertificate etcdClient = authority.issue("kube-apiserver-etcd-client");
    // A CA of its own: whoever shows a certificate of it is believed whatever user it names.
    CertificateAuthority frontProxyAuthority =
        CertificateAuthority.in(data.resolve("front-proxy"), "front-proxy-ca", clock);
    KeyAndCertificate frontProxy = frontProxyAuthority.issue("front-proxy-client");
    // Likewise: its certificates are users, by their names.
    CertificateAuthority users =
        CertificateAuthority.in(data.resolve("users"), USERS_AUTHORITY, clock);
    // Kept, as tokens outlive the process that signed them.
    CertificateAuthority tokenSigner =
        CertificateAuthority.in(data.resolve("service-accounts"), "service-accounts", clock);
    Path tokens = data.resolve("tokens.csv");
    OwnerFiles.write(tokens, token + ",dev,dev,system:masters\n");

    List<String> command = new ArrayList<>(List.of(assets.resolve("kube-apiserver").toString()));
    command.addAll(List.of("--bind-address", "127.0.0.1", "--secure-port", "" + port));
    command.addAll(List.of("--advertise-address", "127.0.0.1"));
    command.addAll(List.of("--endpoint-reconciler-type", "none"));
    command.addAll(List.of("--service-cluster-ip-range", "10.96.0.0/24"));
    command.addAll(List.of("--tls-cert-file", server.certificate().toString()));
    command.addAll(List.of("--tls-private-key-file", server.key().toString()));
    command.addAll(List.of("--etcd-servers", etcdUrl));
    command.addAll(List.of("--etcd-cafile", authority.certificateFile().toString()));
    command.addAll(List.of("--etcd-certfile", etcdClient.certificate().toString()));
    command.addAll(List.of("--etcd-keyfile", etcdClient.key().toString()));
    command.addAll(List.of("--authorization-mode", "RBAC", "--anonymous-auth=false"));
    command.addAll(List.of("--token-auth-file", tokens.toString()));
    command.addAll(List.of("--client-ca-file", users.certificateFile().toString()));
    // It waits for service accounts that only a controller would make.
    command.addAll(List.of("--disable-admission-plugins", "ServiceAccount"));
    command.addAll(List.of("--service-account-issuer", "https://kubernetes.default.svc"));
    command.addAll(List.of("--service-account-key-file", tokenSigner.certificateFile().toString()));
    command.addAll(List.of("--service-account-signing-key-file", tokenSigner.keyFile().toString()));
    command.addAll(
        List.of(
            "--requestheader-client-ca-file", frontProxyAuthority.certificateFile().toString()));
    command.addAll(List.of("--requestheader-allowed-names", "front-proxy-client"));
    command.addAll(List.of("--requestheader-username-headers", "X-Remote-User"));
    command.addAll(List.of("--requestheader-group-headers", "X-Remote-Group"));
    command.addAll(List.of("--requestheader-extra-headers-prefix", "X-Remote-Extra-"));
    command.addAll(List.of("--proxy-client-cert-file", frontProxy.certificate().toString()));
    command.addAll(List.of("--proxy-client-key-file", frontProxy.key().toString()));
    return command;
  }

  private void awaitReady(Clock clock) {
    Instant deadline = clock.instant().plus(START_TIMEOUT);
    try (KubernetesClient client = access.newClient()) {
      client.getConfiguration().setRequestRetryBackoffLimit(0);
      while (true) {
        String last;
        try {
          client.raw("/readyz");
          return;
        } catch (KubernetesClientException e) {
          last = String.valueOf(e.getMessage());
        }
        for (Daemon daemon : List.of(etcd, apiServer)) {
          if (!daemon.isAlive()) {
            throw new IllegalStateException(daemon.obituary());
          }
        }
        if (clock.instant().isAfter(deadline)) {
          throw new IllegalStateException(
              "kube-apiserver at %s is not ready after %d s: %s"
                  .formatted(access.server(), START_TIMEOUT.toSeconds(), last));
        }
        Thread.sleep(POLL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while kube-apiserver was starting", e);
    }
  }

  // All are held until all are known, or the system might name one twice.
  private static List<Integer> freePorts(int count) {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      List<Integer> ports = held.stream().map(ServerSocket::getLocalPort).toList();
      for (ServerSocket socket : held) {
        socket.close();
      }
      return ports;
    } catch (IOException e) {
      throw new UncheckedIOException("find a free port on 127.0.0.1", e);
    }
  }
}
