package dev.orchard.cli.exec;

import dev.orchard.cli.controller.Controller;
import dev.orchard.cli.controller.SessionAddress;
import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.WindowSize;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
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
  private static final int MAX_LABEL = 63;
  private static final int SUFFIX = 8;
  private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  private enum Format {
    json
  }

  private final LocalSide local;
  private final Messages messages;
  private final Connection.Source connections;
  private final List<String> command;

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
      LocalSide local, Messages messages, Connection.Source connections, List<String> command) {
    this.local = local;
    this.messages = messages;
    this.connections = connections;
    this.command = command;
  }

  @Override
  public Integer call() throws InterruptedException {
    // First all that is wrong with the command line, then what is with its surroundings.
    String vm = vm();
    checkTerminal();
    Map<String, String> variables = environment();
    Optional<Duration> runTime =
        Optional.ofNullable(timeout)
            .map(text -> duration("--timeout", text, Duration.ZERO, MAX_TIMEOUT));
    Duration startTimeout = duration("--wait", wait, Duration.ofSeconds(1), MAX_WAIT);
    Connection connection = connections.connection();
    String namespace = label("namespace", connection.namespace());
    RandomGenerator random = new SecureRandom();
    ExecRequest request =
        new ExecRequest(
            new SessionAddress(namespace, vm, sessionName(vm, random)),
            command,
            stdin,
            terminal(),
            variables,
            Optional.ofNullable(workdir),
            Optional.ofNullable(user),
            runTime,
            startTimeout);
    try (Controller controller =
        new Controller(connection.controller(), connection.credentials())) {
      new Creation(controller, random, System::nanoTime).create(request);
      Printer printer = format == null ? new Printer.Raw() : new Printer.Json();
      return new SessionRun(request, printer, controller, local, messages, random, System::nanoTime)
          .run();
    }
  }

  private String vm() {
    if (positional.isEmpty()) {
      throw CliException.usage("which VM? " + usage("VM"));
    }
    if (positional.size() > 1 || command.isEmpty()) {
      throw CliException.usage("the command goes behind --: " + usage(positional.getFirst()));
    }
    return label("VM", positional.getFirst());
  }

  private static String usage(String vm) {
    return "kubectl orchard exec " + vm + " -- COMMAND";
  }

  private static String label(String what, String name) {
    if (!LABEL.matcher(name).matches()) {
      throw CliException.usage(
          "%s '%s' is no name: 1 to 63 of a-z, 0-9 and -, not at either end".formatted(what, name));
    }
    return name;
  }

  /** kubectl goes on without a terminal; a script that asked for one would then hang or differ. */
  private void checkTerminal() {
    if (tty && stdin && !local.terminal().isStdin()) {
      throw CliException.usage(
          "-it needs a terminal as standard input: leave out -t, or -i for a terminal without"
              + " input");
    }
  }

  private Optional<WindowSize> terminal() {
    return tty ? Optional.of(local.terminal().size().orElse(WindowSize.DEFAULT)) : Optional.empty();
  }

  private static String sessionName(String vm, RandomGenerator random) {
    StringBuilder name =
        new StringBuilder(vm.substring(0, Math.min(vm.length(), MAX_LABEL - SUFFIX - 1)));
    name.append('-');
    for (int i = 0; i < SUFFIX; i++) {
      name.append(BASE32.charAt(random.nextInt(BASE32.length())));
    }
    return name.toString();
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
