package dev.orchard.cli;

import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.PosixTerminal;
import dev.orchard.cli.terminal.ProcessSignals;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Path;

/** The process {@code kubectl-orchard}. */
public final class Main {
  private Main() {}

  /** Ends the process with the run's exit code. */
  public static void main(String[] args) {
    // Not System.in and System.out: those decode, buffer and swallow errors.
    LocalSide local =
        new LocalSide(
            new FileInputStream(FileDescriptor.in),
            new FileOutputStream(FileDescriptor.out),
            new FileOutputStream(FileDescriptor.err),
            System.getenv(),
            Path.of(System.getenv().getOrDefault("HOME", System.getProperty("user.home"))),
            new PosixTerminal(),
            new ProcessSignals());
    System.exit(Cli.run(args, local));
  }
}
