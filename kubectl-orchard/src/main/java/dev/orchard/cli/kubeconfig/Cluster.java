package dev.orchard.cli.kubeconfig;

import dev.orchard.cli.kubeconfig.KubeconfigFiles.Entry;
import dev.orchard.cli.message.CliException;
import java.util.Optional;

/** A cluster of a kubeconfig. What its fields name is read when it is asked for. */
public final class Cluster {
  private final String name;
  private final Entry entry;

  Cluster(String name, Entry entry) {
    this.name = name;
    this.entry = entry;
  }

  /**
   * The Kubernetes API's URL.
   *
   * @throws CliException where there is none, or it is to be reached in a way that we do not know
   */
  public String server() {
    if (entry.text("server").isEmpty()) {
      throw CliException.local("kubeconfig's cluster '%s' has no server".formatted(name));
    }
    for (String field : new String[] {"tls-server-name", "proxy-url"}) {
      if (!entry.text(field).isEmpty()) {
        throw CliException.local(
            "kubeconfig's cluster '%s' has a %s, which the CLI does not know: go to the controller directly, by --server URL"
                .formatted(name, field));
      }
    }
    return entry.text("server");
  }

  /** PEM; where absent the platform's own authorities are trusted. */
  public Optional<byte[]> certificateAuthority() {
    return entry.bytes("certificate-authority", "kubeconfig's cluster '" + name + "'");
  }

  /** Whether its certificate does not matter. */
  public boolean isUnverified() {
    return entry.isTrue("insecure-skip-tls-verify");
  }
}
