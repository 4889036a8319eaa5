package dev.orchard.cli.kubeconfig;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Who one is to a server. Asked anew for each connection, because credentials expire. */
public interface Identity {
  /** What goes with every request. */
  Map<String, List<String>> headers();

  /** What is shown where the server asks for one. */
  Optional<ClientCertificate> certificate();

  /** Whether {@link #certificate} can ever answer with one; nothing is read or run for it. */
  boolean mayHaveCertificate();

  /** Credentials alone, which is what controllers take. */
  static Identity of(Credentials credentials) {
    return new Identity() {
      @Override
      public Map<String, List<String>> headers() {
        return Map.of("Authorization", List.of(credentials.authorization()));
      }

      @Override
      public Optional<ClientCertificate> certificate() {
        return Optional.empty();
      }

      @Override
      public boolean mayHaveCertificate() {
        return false;
      }
    };
  }
}
