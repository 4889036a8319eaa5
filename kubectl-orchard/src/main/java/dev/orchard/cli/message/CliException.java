package dev.orchard.cli.message;

import dev.orchard.client.ClientException;

/** Ends the run with a message on stderr and one of the exit codes that are not the command's. */
public final class CliException extends ClientException {
  private final int exitCode;

  private CliException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** Failed on this machine, before anything was sent. */
  public static CliException local(String message) {
    return new CliException(ExitCodes.LOCAL_FAILURE, message);
  }

  /** The command line asks for what cannot be. */
  public static CliException usage(String message) {
    return new CliException(ExitCodes.USAGE, message);
  }

  /** Refused by the controller, or the way to it failed: nothing is known of an outcome. */
  public static CliException remote(String message) {
    return new CliException(ExitCodes.UNKNOWN, message);
  }

  public int exitCode() {
    return exitCode;
  }
}
