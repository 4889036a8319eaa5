package dev.orchard.cli.kubeconfig;

import dev.orchard.client.Identity;
import java.util.Optional;

/**
 * The current context, resolved.
 *
 * @param context its name, for messages
 * @param namespace where things are looked for when the command line names no namespace
 * @param controller what the cluster's extension {@code orchard.dev} says
 * @param credentials what of the user a controller takes
 * @param cluster where the Kubernetes API is
 * @param user who one is there
 */
public record Kubeconfig(
    String context,
    String namespace,
    Optional<Controller> controller,
    Credentials credentials,
    Cluster cluster,
    Identity user) {

  /**
   * Where the controller of a cluster answers.
   *
   * @param server its URL
   * @param certificateAuthority PEM; where absent the platform's own authorities are trusted
   */
  public record Controller(String server, Optional<byte[]> certificateAuthority) {}
}
