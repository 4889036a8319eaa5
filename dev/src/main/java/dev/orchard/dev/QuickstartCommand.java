package dev.orchard.dev;

import dev.orchard.cli.Cli;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.Signals;
import dev.orchard.cli.terminal.Terminal;
import dev.orchard.dev.cluster.ClusterChoice;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.dev.quickstart.FrameStory;
import dev.orchard.dev.quickstart.NextSteps;
import dev.orchard.dev.quickstart.Vms;
import dev.orchard.dev.secret.OwnerFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Starts a system, creates a VM, runs two commands in it by the CLI's own code, and shows what
 * happened. What it tells goes to standard output, what it does meanwhile to standard error.
 */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    description = {
      "Starts a system of its own, creates VM hello and runs two commands in it.",
      "Exits with the code of the first that fails, else with 0."
    },
    sortOptions = false)
final class QuickstartCommand implements Callable<Integer> {
  private static final String VM = "hello";

  // On a loaded machine without KVM a guest took 64 s to boot.
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @Option(
      names = "--keep",
      description = "Goes on running afterwards, says what to try next, and ends by Ctrl-C.")
  private boolean keep;

  @Override
  public Integer call() {
    Map<String, String> environment = System.getenv();
    DevSettings settings =
        DevSettings.of(
            dataFolder(environment), ClusterChoice.AUTO, RuntimeChoice.AUTO, environment);
    LogFile.open(settings.data());
    Progress progress = Progress.timed(System.err);
    return UntilStopped.run(() -> {
      try (Dev dev = Dev.start(settings, progress);
          Vms vms = vms(dev.ready())) {
        int code = tell(dev.ready(), vms, progress);
        if (keep) {
          System.out.println(nextSteps(dev.ready()));
          UntilStopped.sleepForEver();
        }
        vms.delete(VM, PATIENCE);
        return code;
      }
    });
  }

  private int tell(Ready ready, Vms vms, Progress progress) throws InterruptedException {
    vms.create(VM, Dev.IMAGE);
    vms.awaitAgent(VM, PATIENCE, status -> progress.step("VM " + VM + ": " + status));

    PrintStream out = System.out;
    out.println("\n$ kubectl orchard exec hello -o json -- /bin/echo hello");
    int echo =
        exec(
            ready,
            new FrameStory(out, System::nanoTime),
            List.of(VM, "-o", "json", "--", "/bin/echo", "hello"));

    out.println("\n$ kubectl orchard exec hello -t -- sh -c 'tty; uname -a'");
    ByteArrayOutputStream terminal = new ByteArrayOutputStream();
    int uname = exec(ready, terminal, List.of(VM, "-t", "--", "sh", "-c", "tty; uname -a"));
    List<String> lines = terminal.toString(StandardCharsets.UTF_8).lines().toList();
    lines.forEach(line -> out.println("  " + line));

    out.println();
    out.println("guest: " + (lines.isEmpty() ? "" : lines.getLast()));
    out.println("host:  " + hostName());
    return echo == 0 ? uname : echo;
  }

  private static Vms vms(Ready ready) {
    return new Vms(ready.url(), ready.token(), OwnerFiles.read(ready.ca()));
  }

  private static String nextSteps(Ready ready) {
    return NextSteps.of(ready.url(), ready.ca(), ready.kubeconfig(), VM);
  }

  private static int exec(Ready ready, OutputStream stdout, List<String> arguments) {
    List<String> line = new ArrayList<>(List.of("exec", "--kubeconfig"));
    line.add(ready.kubeconfig().toString());
    line.addAll(arguments);
    return Cli.run(
        line.toArray(String[]::new),
        new LocalSide(
            InputStream.nullInputStream(),
            stdout,
            System.err,
            // Nothing of the user's own may lead it to another controller.
            Map.of(),
            ready.kubeconfig().resolveSibling("home"),
            Terminal.none(),
            Signals.none()));
  }

  private static String hostName() throws InterruptedException {
    try {
      Process uname = new ProcessBuilder("uname", "-a").start();
      String said = new String(uname.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      uname.waitFor();
      return said.strip();
    } catch (IOException e) {
      throw new UncheckedIOException("uname -a", e);
    }
  }

  private static Path dataFolder(Map<String, String> environment) {
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    // Not user.home, which does not follow HOME.
    String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
    return (cache.isEmpty() ? Path.of(home, ".cache") : Path.of(cache))
        .resolve("orchard")
        .resolve("quickstart");
  }
}
