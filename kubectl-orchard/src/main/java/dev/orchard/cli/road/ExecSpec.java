package dev.orchard.cli.road;

import dev.orchard.cli.terminal.WindowSize;
import dev.orchard.exec.session.DisconnectPolicy;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What to run, as the command line asked for it and checked.
 *
 * @param stdin whether local standard input goes to the command
 * @param tty the size of the terminal to run it on, if on one
 * @param env in the order of its names
 * @param timeout that the command may run; the controller's own if absent
 * @param startTimeout how long to wait for the VM to be ready
 * @param onDisconnect what becomes of it when we have gone
 * @param keepAll whether it waits when nobody reads its output, instead of losing the oldest
 */
public record ExecSpec(
    List<String> command,
    boolean stdin,
    Optional<WindowSize> tty,
    Map<String, String> env,
    Optional<String> workingDir,
    Optional<String> user,
    Optional<Duration> timeout,
    Duration startTimeout,
    DisconnectPolicy onDisconnect,
    boolean keepAll) {
  public ExecSpec {
    command = List.copyOf(command);
    env = Collections.unmodifiableMap(new TreeMap<>(env));
  }
}
