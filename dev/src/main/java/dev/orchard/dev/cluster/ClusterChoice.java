package dev.orchard.dev.cluster;

/** Which Kubernetes API to stand on. */
public enum ClusterChoice {
  /** {@link #ASSETS} if its binaries are there, else {@link #EMBEDDED}. */
  AUTO,
  /** The stand-in inside this process: no validation, no RBAC, forgets all when it ends. */
  EMBEDDED,
  /** etcd and kube-apiserver from {@code KUBEBUILDER_ASSETS}, started on the loopback interface. */
  ASSETS,
  /** The current context of the user's kubeconfig. */
  KUBECONFIG
}
