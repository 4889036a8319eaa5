package dev.orchard.cli.road;

import dev.orchard.cli.message.CliException;
import dev.orchard.client.SessionAddress;

/**
 * Whom to speak to, and about which namespace. Closing it closes the road.
 *
 * @param namespace for what the command line names without one
 */
public record Place(String namespace, Road road) implements AutoCloseable {
  /** Finds it out when a command is sure to need it. */
  @FunctionalInterface
  public interface Source {
    Place open();
  }

  /** A session as {@code SESSION} or {@code VM/SESSION}. */
  public SessionAddress session(String text) {
    SessionAddress address = Names.session(namespace, text);
    if (address.vm().isEmpty() && road.needsVm()) {
      throw CliException.usage(
          "which VM is session '%s' of? A controller wants VM/SESSION".formatted(text));
    }
    return address;
  }

  @Override
  public void close() {
    road.close();
  }
}
