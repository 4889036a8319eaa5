package dev.orchard.cli.road;

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

  @Override
  public void close() {
    road.close();
  }
}
