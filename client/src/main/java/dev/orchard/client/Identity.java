package dev.orchard.client;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.X509ExtendedKeyManager;

/** Who one is to a server. Asked anew for each connection, because credentials expire. */
public interface Identity {
  /**
   * What goes with every request.
   *
   * @throws ClientException where there are no credentials to be had
   */
  Map<String, List<String>> headers();

  /**
   * Shows a certificate where the server asks for one, anew for each connection; empty where there
   * can never be one. Nothing is asked of the server for it.
   *
   * @throws ClientException where there is one that cannot be used
   */
  default Optional<X509ExtendedKeyManager> keys() {
    return Optional.empty();
  }

  /** One header alone, which is what controllers take. */
  static Identity of(Supplier<String> authorization) {
    return () -> Map.of("Authorization", List.of(authorization.get()));
  }
}
