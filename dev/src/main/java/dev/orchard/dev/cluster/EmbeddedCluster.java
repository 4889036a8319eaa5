package dev.orchard.dev.cluster;

import dev.orchard.dev.cluster.embedded.StandInServer;
import dev.orchard.dev.tls.CertificateAuthority;
import java.net.URI;

/**
 * A Kubernetes API inside this process, for a first look where nothing is installed. What it stores
 * is gone when it is closed.
 */
public final class EmbeddedCluster implements Cluster {
  private final StandInServer server;
  private final ClusterAccess access;

  private EmbeddedCluster(StandInServer server, ClusterAccess access) {
    this.server = server;
    this.access = access;
  }

  /**
   * Returns when it listens.
   *
   * @param token may do everything
   */
  public static EmbeddedCluster start(CertificateAuthority authority, String token) {
    StandInServer server = StandInServer.start(authority.issue("embedded-apiserver"), token);
    URI url = URI.create("https://127.0.0.1:" + server.port());
    return new EmbeddedCluster(server, new ClusterAccess(url, authority.certificatePem(), token));
  }

  @Override
  public String description() {
    return "embedded stand-in for the Kubernetes API: no validation, no RBAC, nothing is kept"
        + " (set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver for a real one)";
  }

  @Override
  public ClusterAccess access() {
    return access;
  }

  /** The stand-in passes nothing on to anybody. */
  @Override
  public boolean reachesLoopback() {
    return false;
  }

  @Override
  public void close() {
    server.close();
  }
}
