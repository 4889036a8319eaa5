package dev.orchard.cli.exec;

import dev.orchard.cli.controller.ControllerAddress;
import dev.orchard.cli.kubeconfig.Credentials;

/**
 * Whom to speak to, as whom, and about which namespace.
 *
 * @param namespace for what the command line names without one
 */
public record Connection(String namespace, ControllerAddress controller, Credentials credentials) {
  /** Finds it out when a command is sure to need it. */
  @FunctionalInterface
  public interface Source {
    Connection connection();
  }
}
