package dev.orchard.cli.message;

import dev.orchard.client.ClientException;
import dev.orchard.client.RefusedException;

/** Exit codes of the CLI's own; all others are the command's. docs/cli.md has the whole table. */
public final class ExitCodes {
  public static final int OK = 0;
  public static final int LOCAL_FAILURE = 1;
  public static final int USAGE = 2;
  public static final int TIMED_OUT = 124;

  /** Added to a signal's number, as shells do. */
  public static final int SIGNAL_BASE = 128;

  public static final int UNKNOWN = 255;

  private ExitCodes() {}

  /** For what ended the run. */
  public static int of(ClientException e) {
    return switch (e) {
      case CliException own -> own.exitCode();
      case RefusedException refused -> UNKNOWN;
      default -> LOCAL_FAILURE;
    };
  }
}
