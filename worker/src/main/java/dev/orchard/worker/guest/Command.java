package dev.orchard.worker.guest;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a guest is asked to run. An empty working directory or user leaves the choice to the agent;
 * without a terminal it gets pipes; without stdin, stdin is at its end from the start.
 */
public record Command(
    List<String> arguments,
    List<Variable> environment,
    String workingDirectory,
    String user,
    @Nullable Terminal terminal,
    boolean stdin) {

  /** One entry of the environment. */
  public record Variable(String name, String value) {}

  /** Its size in characters, 1 to 65,535 each. */
  public record Terminal(int rows, int columns) {}

  public Command {
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
  }
}
