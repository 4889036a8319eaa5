package dev.orchard.cli;

import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.terminal.LocalSide;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Prints what the build wrote into {@code version.properties}. */
@Command(name = "version", description = "Prints this program's version.")
final class VersionCommand implements Callable<Integer> {
  private final LocalSide local;

  VersionCommand(LocalSide local) {
    this.local = local;
  }

  @Override
  public Integer call() throws IOException {
    Properties built = new Properties();
    try (InputStream resource = VersionCommand.class.getResourceAsStream("version.properties")) {
      built.load(resource);
    }
    String line = "kubectl-orchard " + built.getProperty("version") + "\n";
    local.stdout().write(line.getBytes(StandardCharsets.UTF_8));
    local.stdout().flush();
    return ExitCodes.OK;
  }
}
