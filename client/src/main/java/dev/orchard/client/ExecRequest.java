package dev.orchard.client;

import dev.orchard.exec.session.DisconnectPolicy;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What to run.
 *
 * @param stdin whether it takes a standard input
 * @param tty the size of the terminal to run it on, if on one
 * @param env in the order of its names
 * @param timeout that the command may run; the controller's own if absent
 * @param startTimeout how long to wait for the VM to be ready
 * @param onDisconnect what becomes of it when we have gone
 * @param keepAll whether it waits when nobody reads its output, instead of losing the oldest
 */
public record ExecRequest(
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
  public ExecRequest {
    command = List.copyOf(command);
    env = Collections.unmodifiableMap(new TreeMap<>(env));
  }

  /**
   * A command that outlives whoever follows it: it runs on unread, and waits when its output is not
   * taken. Without input, at most 5 min for the VM to be ready.
   */
  public static ExecRequest of(String... command) {
    return new ExecRequest(
        List.of(command),
        false,
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Duration.ofMinutes(5),
        DisconnectPolicy.DETACH,
        true);
  }

  /** The same with a standard input. */
  public ExecRequest withStdin() {
    return new ExecRequest(
        command, true, tty, env, workingDir, user, timeout, startTimeout, onDisconnect, keepAll);
  }

  /** The same on a terminal. */
  public ExecRequest withTty(WindowSize size) {
    return new ExecRequest(
        command,
        stdin,
        Optional.of(size),
        env,
        workingDir,
        user,
        timeout,
        startTimeout,
        onDisconnect,
        keepAll);
  }

  /** The same with other variables in its environment. */
  public ExecRequest withEnv(Map<String, String> env) {
    return new ExecRequest(
        command, stdin, tty, env, workingDir, user, timeout, startTimeout, onDisconnect, keepAll);
  }

  /** The same with a limit of its run. */
  public ExecRequest withTimeout(Duration timeout) {
    return new ExecRequest(
        command,
        stdin,
        tty,
        env,
        workingDir,
        user,
        Optional.of(timeout),
        startTimeout,
        onDisconnect,
        keepAll);
  }
}
