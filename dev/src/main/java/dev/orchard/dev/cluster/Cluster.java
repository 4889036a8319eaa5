package dev.orchard.dev.cluster;

/** A Kubernetes API that answers; closing it ends what was started for it, and nothing else. */
public sealed interface Cluster extends AutoCloseable
    permits AssetsCluster, EmbeddedCluster, KubeconfigCluster {
  /** What it is and what it lacks, in one line for people. */
  String description();

  ClusterAccess access();

  /** Whether its API server can pass requests on to what listens on this machine's loopback. */
  boolean reachesLoopback();

  @Override
  void close();
}
