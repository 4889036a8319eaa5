package dev.orchard.dev.cluster;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The kubeconfig that dev writes: one cluster, one user, and in the cluster's extension {@code
 * orchard.dev} where its controller is, for clients that speak to both.
 */
public final class Kubeconfig {
  private static final String NAME = "orchard-dev";

  private Kubeconfig() {}

  /**
   * The file's content.
   *
   * @param controllerCa PEM of the authority that signed the controller's certificate
   */
  public static String yaml(ClusterAccess access, URI controller, String controllerCa) {
    String authority =
        access.caCertificate() == null
            ? ""
            : "\n      certificate-authority-data: " + base64(access.caCertificate());
    return """
    apiVersion: v1
    kind: Config
    current-context: %1$s
    clusters:
      - name: %1$s
        cluster:
          server: %2$s%3$s
          extensions:
            - name: orchard.dev
              extension:
                server: %4$s
                certificate-authority-data: %5$s
    contexts:
      - name: %1$s
        context:
          cluster: %1$s
          user: %1$s
          namespace: default
    users:
      - name: %1$s
        user:
          token: %6$s
    """
        .formatted(
            NAME, access.server(), authority, controller, base64(controllerCa), access.token());
  }

  private static String base64(String pem) {
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
  }
}
