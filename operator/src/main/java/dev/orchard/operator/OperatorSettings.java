package dev.orchard.operator;

import java.util.Map;

/**
 * What may differ from one installation to the next.
 *
 * @param namespace in which the workers' Leases are; from {@code ORCHARD_NAMESPACE}
 */
public record OperatorSettings(String namespace) {
  public static final OperatorSettings DEFAULT = new OperatorSettings("orchard-system");

  public OperatorSettings {
    if (namespace.isBlank()) {
      throw new IllegalArgumentException(
          "ORCHARD_NAMESPACE is empty: name the namespace of the workers' Leases or unset it");
    }
  }

  static OperatorSettings from(Map<String, String> environment) {
    return new OperatorSettings(environment.getOrDefault("ORCHARD_NAMESPACE", DEFAULT.namespace()));
  }
}
