package dev.orchard.agent.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * Starts processes, each as leader of a session and process group of its own, with no signal
 * blocked or ignored and no file descriptor but the three.
 *
 * <p>Every start has a short-lived platform thread: looking up a user and spawning may block, and a
 * process inherits the credentials of the thread that spawns it.
 */
public final class ProcessLauncher {
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final String DEFAULT_TERM = "xterm-256color";

  private static final int F_OK = 0;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final MemorySegment PRCTL = Libc.function("prctl");
  private static final MemorySegment ACCESS = Libc.function("access");

  private final boolean adopting;

  private ProcessLauncher(boolean adopting) {
    this.adopting = adopting;
  }

  /** For a JVM that starts processes of other kinds as well, or might. */
  public static ProcessLauncher amongOthers() {
    return new ProcessLauncher(false);
  }

  /**
   * For a JVM that starts no process in any other way. What a process leaves behind becomes this
   * one's child, so that whoever ends the agent finds it among its descendants.
   */
  public static ProcessLauncher adoptingOrphans() {
    Descriptor.check("prctl", Libc.call(PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0, 0));
    return new ProcessLauncher(true);
  }

  /**
   * Collects adopted processes that have ended. Not while a process is being started.
   *
   * @param started whether an id is that of a process which has an owner to collect it
   */
  public void collectOrphans(IntPredicate started) {
    if (adopting) {
      ChildProcess.collect(started.negate());
    }
  }

  /** Starts a process; the outcome goes to {@code then} on a thread that ends behind it. */
  public void launch(ProcessSpec spec, Consumer<Launch> then) {
    Thread.ofPlatform()
        .name("spawn " + spec.command().getFirst())
        .start(() -> then.accept(launch(spec)));
  }

  /**
   * Starts a process that ends at once, and collects it, so that everything is linked before the
   * first one that counts. A guest without {@code true} is as good: the attempt does it.
   */
  public void warmUp() {
    ProcessSpec spec = new ProcessSpec(List.of("true"), Map.of(), "/", "", null, false);
    if (launch(spec) instanceof Launch.Running(ChildProcess process)) {
      try (process;
          Poller poller = new Poller(1)) {
        do {
          poller.clear();
          poller.add(process.pidfd(), Poller.READ);
          poller.await(-1);
        } while (process.reap().isEmpty());
      }
    }
  }

  private static Launch launch(ProcessSpec spec) {
    try {
      Account own = Accounts.own();
      Optional<Account> account =
          spec.user().isEmpty() ? Optional.of(own) : Accounts.named(spec.user());
      if (account.isEmpty()) {
        return new Launch.Failed(
            Launch.CANNOT_RUN, "user " + spec.user() + ": the guest has no such user");
      }
      return launch(spec, account.get(), own);
    } catch (SystemCallException e) {
      return Launch.Failed.cannotRun(e.what(), e.errno());
    }
  }

  private static Launch launch(ProcessSpec spec, Account account, Account own) {
    try (StdioEnds stdio = StdioEnds.open(spec.terminal(), spec.stdin())) {
      if (!spec.user().isEmpty() && mustChange(account, own)) {
        stdio.giveTo(account);
        Optional<Launch> refused = become(spec, account, own);
        if (refused.isPresent()) {
          return refused.get();
        }
      }
      String directory = spec.workingDir().isEmpty() ? homeOrRoot(account) : spec.workingDir();
      if (!directory.startsWith("/")) {
        return new Launch.Failed(
            Launch.CANNOT_RUN, "working directory " + directory + ": is not absolute");
      }
      int enter = enter(directory);
      if (enter < 0) {
        return Launch.Failed.cannotRun("working directory " + directory, -enter);
      }
      Map<String, String> env = environment(spec, account);
      return new Spawn(spec.command(), env, directory, stdio).run();
    }
  }

  /** Root may have groups that its entry lacks; anybody else who is the user already is it. */
  private static boolean mustChange(Account account, Account own) {
    return own.uid() == 0 || account.uid() != own.uid() || account.gid() != own.gid();
  }

  private static Optional<Launch> become(ProcessSpec spec, Account account, Account own) {
    try {
      Credentials.become(account);
      return Optional.empty();
    } catch (SystemCallException e) {
      return Optional.of(
          Launch.Failed.cannotRun(
              "user " + spec.user() + ": the agent runs as uid " + own.uid(), e.errno()));
    }
  }

  private static String homeOrRoot(Account account) {
    return account.home().startsWith("/") && enter(account.home()) == 0 ? account.home() : "/";
  }

  /** Whether this thread's user may change to a directory: 0, else the negative errno. */
  private static int enter(String directory) {
    try (Arena arena = Arena.ofConfined()) {
      return Libc.call(ACCESS, arena.allocateFrom(directory + "/.").address(), F_OK);
    }
  }

  private static Map<String, String> environment(ProcessSpec spec, Account account) {
    Map<String, String> env = new LinkedHashMap<>();
    env.put("PATH", DEFAULT_PATH);
    env.put("HOME", account.home());
    env.put("SHELL", account.shell().isEmpty() ? "/bin/sh" : account.shell());
    if (!account.name().isEmpty()) {
      env.put("USER", account.name());
      env.put("LOGNAME", account.name());
    }
    if (spec.terminal() != null) {
      env.put("TERM", DEFAULT_TERM);
    }
    env.putAll(spec.env());
    return env;
  }
}
