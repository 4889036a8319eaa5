package dev.orchard.dev;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The process behind {@code ./orchard dev} and {@code ./orchard quickstart}. */
@Command(name = "./orchard", mixinStandardHelpOptions = true, synopsisSubcommandLabel = "COMMAND")
public final class Main {
  private static final int FAILED = 1;

  private Main() {}

  /** Ends the process with the command's exit code. */
  public static void main(String[] args) {
    LogFile.prepare();
    System.exit(
        new CommandLine(new Main())
            .addSubcommand(new DevCommand())
            .addSubcommand(new QuickstartCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler((e, line, _) -> {
              line.getErr().println("orchard: " + e.getMessage());
              return FAILED;
            })
            .execute(args));
  }
}
