package dev.orchard.cli.exec;

import dev.orchard.cli.controller.SessionAddress;
import dev.orchard.cli.terminal.WindowSize;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to run, as the command line asked for it and checked.
 *
 * @param session with a name chosen here, so that asking twice runs it once
 * @param stdin whether local standard input goes to the command
 * @param tty the size of the terminal to run it on, if on one
 * @param timeout that the command may run; the controller's own if absent
 * @param startTimeout how long to wait for the VM to be ready
 */
record ExecRequest(
    SessionAddress session,
    List<String> command,
    boolean stdin,
    Optional<WindowSize> tty,
    Map<String, String> env,
    Optional<String> workingDir,
    Optional<String> user,
    Optional<Duration> timeout,
    Duration startTimeout) {
  ExecRequest {
    command = List.copyOf(command);
    env = Map.copyOf(env);
  }
}
