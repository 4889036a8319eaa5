package dev.orchard.agent.process;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A process to be started.
 *
 * @param command program and arguments, passed on as they are; a program without a slash is looked
 *     for in the process' own {@code PATH}
 * @param env what the request sets; it wins over everything that the agent sets
 * @param workingDir absolute; empty for the user's home directory, or {@code /} where that is
 *     missing
 * @param user {@code name}, {@code uid} or {@code uid:gid}; empty for the agent's own user
 * @param terminal the size of its terminal; absent for pipes
 * @param stdin false where it is to read nothing at all; of no meaning with a terminal
 */
public record ProcessSpec(
    List<String> command,
    Map<String, String> env,
    String workingDir,
    String user,
    @Nullable TerminalSize terminal,
    boolean stdin) {
  public ProcessSpec {
    if (command.isEmpty() || command.getFirst().isEmpty()) {
      throw new IllegalArgumentException("command: no program: send at least one argument");
    }
    command.forEach(argument -> noZero("command", argument));
    env.forEach((name, value) -> {
      if (name.isEmpty() || name.indexOf('=') >= 0) {
        throw new IllegalArgumentException(
            "env: \"" + name + "\" is no name of a variable: it is empty or has a =");
      }
      noZero("env", name);
      noZero("env " + name, value);
    });
    noZero("workingDir", workingDir);
    noZero("user", user);
    command = List.copyOf(command);
    env = Map.copyOf(env);
  }

  private static void noZero(String field, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          field + ": has a zero byte, which the kernel takes for its end");
    }
  }
}
