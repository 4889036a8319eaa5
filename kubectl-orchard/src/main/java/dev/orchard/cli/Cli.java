package dev.orchard.cli;

import dev.orchard.cli.copy.CpCommand;
import dev.orchard.cli.exec.AttachCommand;
import dev.orchard.cli.exec.ExecCommand;
import dev.orchard.cli.exec.LogsCommand;
import dev.orchard.cli.forward.PortForwardCommand;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.session.KillCommand;
import dev.orchard.cli.session.PsCommand;
import dev.orchard.cli.session.SignalCommand;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.Signals;
import dev.orchard.cli.terminal.Terminal;
import dev.orchard.client.ClientException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;

/** One run of the CLI, in its own process or inside another program. */
public final class Cli {
  private Cli() {}

  /**
   * A run inside another program: no terminal, no signal handling, nothing static is touched. The
   * streams stay open.
   *
   * @return the exit code
   */
  public static int run(
      String[] args, InputStream stdin, OutputStream stdout, OutputStream stderr) {
    return run(
        args,
        new LocalSide(
            stdin,
            stdout,
            stderr,
            System.getenv(),
            Path.of(System.getProperty("user.home")),
            Terminal.none(),
            Signals.none()));
  }

  /** A run on the given side of this machine; answers the exit code. */
  public static int run(String[] args, LocalSide local) {
    Messages messages = new Messages(local.stderr());
    try {
      if (args.length > 0 && args[0].equals(Completion.COMMAND)) {
        OrchardCommand orchard = new OrchardCommand(local);
        return new Completion(commandLine(new String[0], orchard, local, messages), orchard)
            .run(List.of(args).subList(1, args.length), local);
      }
      return commandLine(args, new OrchardCommand(local), local, messages)
          .execute(ownArguments(args));
    } catch (IOException e) {
      return ExitCodes.LOCAL_FAILURE;
    } catch (ClientException e) {
      return report(e, messages);
    }
  }

  private static CommandLine commandLine(
      String[] args, OrchardCommand orchard, LocalSide local, Messages messages) {
    CommandLine line = new CommandLine(orchard);
    Map<String, Supplier<Object>> commands = commands(args, local, messages, orchard);
    List<String> own = List.of(ownArguments(args));
    // A model takes time to build: where one is named the others are left out.
    boolean named = own.stream().anyMatch(commands::containsKey);
    commands.forEach((name, command) -> {
      if (!named || own.contains(name)) {
        line.addSubcommand(command.get());
      }
    });
    return line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
        .setExpandAtFiles(false)
        .setOut(new PrintWriter(local.stdout(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(local.stderr(), true, StandardCharsets.UTF_8))
        .setParameterExceptionHandler((e, ignored) -> usage(e, messages))
        .setExecutionExceptionHandler((e, failing, parsed) -> failed(e, failing, messages));
  }

  private static Map<String, Supplier<Object>> commands(
      String[] args, LocalSide local, Messages messages, OrchardCommand orchard) {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("exec", () -> new ExecCommand(local, messages, orchard, remoteCommand(args)));
    commands.put("attach", () -> new AttachCommand(local, messages, orchard));
    commands.put("logs", () -> new LogsCommand(local, messages, orchard));
    commands.put("ps", () -> new PsCommand(local, orchard, InstantSource.system()));
    commands.put("signal", () -> new SignalCommand(orchard));
    commands.put("kill", () -> new KillCommand(orchard));
    commands.put("cp", () -> new CpCommand(local, messages, orchard));
    commands.put("port-forward", () -> new PortForwardCommand(local, messages, orchard));
    commands.put("version", () -> new VersionCommand(local));
    return commands;
  }

  /** Everything before the first {@code --}; what is behind it is not ours to interpret. */
  private static String[] ownArguments(String[] args) {
    int end = Arrays.asList(args).indexOf("--");
    return end < 0 ? args : Arrays.copyOf(args, end);
  }

  private static List<String> remoteCommand(String[] args) {
    int end = Arrays.asList(args).indexOf("--");
    return end < 0 ? List.of() : List.of(args).subList(end + 1, args.length);
  }

  private static int usage(ParameterException e, Messages messages) {
    messages.say(String.valueOf(e.getMessage()));
    e.getCommandLine().usage(e.getCommandLine().getErr());
    return ExitCodes.USAGE;
  }

  private static int failed(Exception e, CommandLine line, Messages messages) {
    if (e instanceof ClientException expected) {
      return report(expected, messages);
    }
    messages.say("defect: the outcome is unknown because of the error that follows");
    e.printStackTrace(line.getErr());
    return ExitCodes.UNKNOWN;
  }

  private static int report(ClientException e, Messages messages) {
    messages.say(String.valueOf(e.getMessage()));
    return ExitCodes.of(e);
  }
}
