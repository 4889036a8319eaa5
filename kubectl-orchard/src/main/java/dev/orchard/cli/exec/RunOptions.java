package dev.orchard.cli.exec;

import dev.orchard.cli.message.CliException;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.WindowSize;
import dev.orchard.exec.session.DisconnectPolicy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a command is to run in the VM. */
final class RunOptions {
  private static final Duration MAX_TIMEOUT = Duration.ofDays(365);

  private enum OnDisconnect {
    terminate,
    detach
  }

  @Option(
      names = "--on-disconnect",
      paramLabel = "terminate|detach",
      description =
          "What becomes of the command a minute after we have gone. detach with -d or --name, else"
              + " terminate.")
  private @Nullable OnDisconnect onDisconnect;

  @Option(
      names = "--env",
      paramLabel = "NAME=VALUE",
      description = "Environment of the command; repeatable.")
  private List<String> env = List.of();

  @Option(names = "--workdir", paramLabel = "DIR", description = "Absolute path in the VM.")
  private @Nullable String workdir;

  @Option(names = "--user", paramLabel = "NAME", description = "User in the VM.")
  private @Nullable String user;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      description = "How long the command may run, e.g. 90s or 1h30m; 0 for ever. 24h by default.")
  private @Nullable String timeout;

  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      defaultValue = "60s",
      description = "How long to wait for the VM to be ready. ${DEFAULT-VALUE} by default.")
  private String wait = "";

  /**
   * Checked, with all that is asked for.
   *
   * @param comesBack whether somebody is expected to come back to the session
   */
  ExecRequest spec(
      List<String> command, boolean stdin, Optional<WindowSize> terminal, boolean comesBack) {
    return new ExecRequest(
        command,
        stdin,
        terminal,
        environment(),
        Optional.ofNullable(workdir),
        Optional.ofNullable(user),
        Optional.ofNullable(timeout)
            .map(text -> Durations.option("--timeout", text, Duration.ZERO, MAX_TIMEOUT)),
        Durations.startTimeout(wait),
        policy(comesBack),
        false);
  }

  private DisconnectPolicy policy(boolean comesBack) {
    return switch (onDisconnect) {
      case null -> comesBack ? DisconnectPolicy.DETACH : DisconnectPolicy.TERMINATE;
      case terminate -> DisconnectPolicy.TERMINATE;
      case detach -> DisconnectPolicy.DETACH;
    };
  }

  private Map<String, String> environment() {
    Map<String, String> variables = new LinkedHashMap<>();
    for (String pair : env) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw CliException.usage("--env '%s' is not NAME=VALUE".formatted(pair));
      }
      variables.put(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return variables;
  }
}
