package dev.orchard.cli.exec;

import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Names;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.WindowSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a command in a VM, as if it ran here; or in many at once. */
@Command(
    name = "exec",
    description = "Runs a command in a VM; exits with its code.",
    customSynopsis = {
      "kubectl orchard exec VM [OPTIONS] -- COMMAND [ARGUMENT...]",
      "       kubectl orchard exec -l SELECTOR [OPTIONS] -- COMMAND [ARGUMENT...]"
    },
    sortOptions = false)
public final class ExecCommand implements Callable<Integer> {
  private static final int MAX_PARALLEL = 1_000;

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
              + " but the escape keys goes to the command.")
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
      names = {"-l", "--selector"},
      paramLabel = "SELECTOR",
      description = "In place of VM: in every VM with these labels, e.g. tier=ci,os!=macos.")
  private @Nullable String selector;

  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "10",
      description = "With -l: in at most so many VMs at once. ${DEFAULT-VALUE} by default.")
  private int parallel;

  @Mixin private RunOptions options = new RunOptions();

  @Option(
      names = "--escape",
      paramLabel = "CHAR|none",
      defaultValue = "~",
      description =
          "With -it: what begins the escape keys at the start of a line, ~. to hang up, ~d to leave"
              + " it running, ~? for help.")
  private String escape = "";

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
    checkPositional();
    checkCombinations();
    EscapeKeys keys = EscapeKeys.of(escape);
    ExecRequest spec = options.spec(command, stdin, terminal(), detach || name != null);
    try (Place place = places.open()) {
      String namespace = Names.label("namespace", place.namespace());
      if (selector != null) {
        return new FanOut(place.road(), local, random, parallel, detach)
            .run(namespace, selector, spec);
      }
      String vm = positional.getFirst();
      SessionAddress session =
          new SessionAddress(namespace, vm, name == null ? Names.generate(vm, random) : name);
      RemoteCommand remote = new RemoteCommand(place.road(), local, messages, random);
      if (!detach) {
        return remote.run(session, spec, format, keys);
      }
      remote.create(session, spec);
      local.stdout().write((place.road().shown(session) + "\n").getBytes(StandardCharsets.UTF_8));
      local.stdout().flush();
      return ExitCodes.OK;
    }
  }

  private void checkPositional() {
    if (selector != null && positional.isEmpty() && !command.isEmpty()) {
      return;
    }
    if (selector != null && !positional.isEmpty()) {
      throw CliException.usage("-l stands in place of VM: leave out one of them");
    }
    String usage = "kubectl orchard exec %s -- COMMAND";
    if (selector == null && positional.isEmpty()) {
      throw CliException.usage("which VM? " + usage.formatted("VM"));
    }
    if (positional.size() > 1 || command.isEmpty()) {
      throw CliException.usage(
          "the command goes behind --: "
              + usage.formatted(selector == null ? positional.getFirst() : "-l " + selector));
    }
    Names.label("VM", positional.getFirst());
  }

  private void checkCombinations() {
    if (name != null) {
      Names.label("--name", name);
    }
    if (parallel < 1 || parallel > MAX_PARALLEL) {
      throw CliException.usage("--parallel %d is not 1 to %d".formatted(parallel, MAX_PARALLEL));
    }
    if (selector != null && (stdin || tty || name != null || format != null)) {
      throw CliException.usage("-l goes with none of -i, -t, --name and -o");
    }
    if (detach && format != null) {
      throw CliException.usage("-d prints nothing but the session's name: leave out -o");
    }
    // kubectl goes on without a terminal; a script that asked for one would then hang or differ.
    if (tty && stdin && !detach && !local.terminal().isStdin()) {
      throw CliException.usage(
          "-it needs a terminal as standard input: leave out -t, or -i for a terminal without"
              + " input");
    }
  }

  private Optional<WindowSize> terminal() {
    return tty ? Optional.of(local.terminal().size().orElse(WindowSize.DEFAULT)) : Optional.empty();
  }
}
