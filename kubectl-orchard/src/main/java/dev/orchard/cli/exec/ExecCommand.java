package dev.orchard.cli.exec;

import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Attachment;
import dev.orchard.cli.road.ExecSpec;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.road.SessionAddress;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.WindowSize;
import dev.orchard.exec.session.DisconnectPolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a command in a VM, as if it ran here. */
@Command(
    name = "exec",
    description = "Runs a command in a VM; exits with its code.",
    customSynopsis = "kubectl orchard exec VM [OPTIONS] -- COMMAND [ARGUMENT...]",
    sortOptions = false)
public final class ExecCommand implements Callable<Integer> {
  /** A controller takes 16 bits of seconds. */
  private static final Duration MAX_WAIT = Duration.ofHours(18);

  private static final Duration MAX_TIMEOUT = Duration.ofDays(365);

  private enum Format {
    json
  }

  private enum OnDisconnect {
    terminate,
    detach
  }

  private final LocalSide local;
  private final Messages messages;
  private final Place.Source places;
  private final List<String> command;
  private final RandomGenerator random = new SecureRandom();

  @Parameters(paramLabel = "VM", description = "Name of the VM.")
  private List<String> positional = List.of();

  @Option(
      names = {"-i", "--stdin"},
      description = "Passes standard input on to the command.")
  private boolean stdin;

  @Option(
      names = {"-t", "--tty"},
      description =
          "Runs the command on a terminal. With -i standard input must be one too, and every key"
              + " goes to the command.")
  private boolean tty;

  @Option(
      names = {"-d", "--detach"},
      description = "Prints the session's name as soon as there is one, and leaves it running.")
  private boolean detach;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description =
          "Name of the session. The same name with the same command is the same session, which is"
              + " then attached to.")
  private @Nullable String name;

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

  @Option(
      names = {"-o", "--output"},
      paramLabel = "json",
      description = "Prints the session's frames, one JSON object a line.")
  private @Nullable Format format;

  /**
   * The model of one run.
   *
   * @param command what stands behind {@code --}
   */
  public ExecCommand(
      LocalSide local, Messages messages, Place.Source places, List<String> command) {
    this.local = local;
    this.messages = messages;
    this.places = places;
    this.command = command;
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    // First all that is wrong with the command line, then what is with its surroundings.
    String vm = vm();
    if (name != null) {
      Names.label("--name", name);
    }
    checkTerminal();
    ExecSpec spec = spec();
    try (Place place = places.open()) {
      String namespace = Names.label("namespace", place.namespace());
      return run(
          place.road(),
          new SessionAddress(namespace, vm, name == null ? Names.generate(vm, random) : name),
          spec);
    }
  }

  private int run(Road road, SessionAddress session, ExecSpec spec)
      throws InterruptedException, IOException {
    new Creation(road, random, System::nanoTime).create(session, spec);
    if (detach) {
      local.stdout().write((road.shown(session) + "\n").getBytes(StandardCharsets.UTF_8));
      local.stdout().flush();
      return ExitCodes.OK;
    }
    Plan plan =
        new Plan(
            road.shown(session),
            (from, again, listener) ->
                road.attach(session, new Attachment(from, true, again), listener),
            spec.stdin(),
            spec.tty(),
            true,
            0,
            Plan.left(road.shown(session), spec.onDisconnect() == DisconnectPolicy.TERMINATE));
    Printer printer = format == null ? new Printer.Raw() : new Printer.Json();
    return new SessionRun(plan, printer, local, messages, random, System::nanoTime).run();
  }

  private ExecSpec spec() {
    return new ExecSpec(
        command,
        stdin,
        terminal(),
        environment(),
        Optional.ofNullable(workdir),
        Optional.ofNullable(user),
        Optional.ofNullable(timeout)
            .map(text -> duration("--timeout", text, Duration.ZERO, MAX_TIMEOUT)),
        duration("--wait", wait, Duration.ofSeconds(1), MAX_WAIT),
        policy(),
        false);
  }

  private DisconnectPolicy policy() {
    if (onDisconnect == null) {
      return detach || name != null ? DisconnectPolicy.DETACH : DisconnectPolicy.TERMINATE;
    }
    return switch (onDisconnect) {
      case terminate -> DisconnectPolicy.TERMINATE;
      case detach -> DisconnectPolicy.DETACH;
    };
  }

  private String vm() {
    if (positional.isEmpty()) {
      throw CliException.usage("which VM? " + usage("VM"));
    }
    if (positional.size() > 1 || command.isEmpty()) {
      throw CliException.usage("the command goes behind --: " + usage(positional.getFirst()));
    }
    return Names.label("VM", positional.getFirst());
  }

  private static String usage(String vm) {
    return "kubectl orchard exec " + vm + " -- COMMAND";
  }

  /** kubectl goes on without a terminal; a script that asked for one would then hang or differ. */
  private void checkTerminal() {
    if (detach && format != null) {
      throw CliException.usage("-d prints nothing but the session's name: leave out -o");
    }
    if (tty && stdin && !detach && !local.terminal().isStdin()) {
      throw CliException.usage(
          "-it needs a terminal as standard input: leave out -t, or -i for a terminal without"
              + " input");
    }
  }

  private Optional<WindowSize> terminal() {
    return tty ? Optional.of(local.terminal().size().orElse(WindowSize.DEFAULT)) : Optional.empty();
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

  private static Duration duration(String option, String text, Duration least, Duration most) {
    return Durations.parse(text)
        .filter(value -> value.compareTo(least) >= 0 && value.compareTo(most) <= 0)
        .orElseThrow(() ->
            CliException.usage(
                "%s '%s' is not a duration like 90s, 5m or 1h30m of %d to %d seconds"
                    .formatted(option, text, least.toSeconds(), most.toSeconds())));
  }
}
