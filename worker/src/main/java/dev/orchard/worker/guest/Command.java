package dev.orchard.worker.guest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  /** What an agent with these capabilities cannot do of it, for its owner. */
  public Optional<String> lacking(List<String> capabilities) {
    return needs().stream()
        .filter(need -> !capabilities.contains(need))
        .findFirst()
        .map(need -> "the guest agent cannot do '%s': it can %s".formatted(need, capabilities));
  }

  private List<String> needs() {
    List<String> needs = new ArrayList<>();
    needs.add(terminal == null ? "pipes" : "tty");
    if (!environment.isEmpty()) {
      needs.add("env");
    }
    if (!workingDirectory.isEmpty()) {
      needs.add("workdir");
    }
    if (!user.isEmpty()) {
      needs.add("user");
    }
    return needs;
  }
}
