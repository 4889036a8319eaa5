package dev.orchard.dev;

import dev.orchard.dev.secret.OwnerFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.logging.FileHandler;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Sends what all parts log to a file, so that a terminal shows the progress and nothing else. */
public final class LogFile {
  private static final int MAX_BYTES = 16 << 20;
  private static final String FORMAT = "%1$tFT%1$tT.%1$tL %4$s %3$s: %5$s%6$s%n";

  private LogFile() {}

  /** To be called before anybody has logged anything. */
  static void prepare() {
    System.setProperty("java.util.logging.manager", UntilTheEnd.class.getName());
    System.setProperty("java.util.logging.SimpleFormatter.format", FORMAT);
  }

  /** From now on {@code dev.log} of the folder, which is begun anew when it is full. */
  static void open(Path folder) {
    OwnerFiles.folder(folder);
    try {
      Handler file = new FileHandler(folder.resolve("dev.log").toString(), MAX_BYTES, 1, true);
      file.setFormatter(new SimpleFormatter());
      Logger root = Logger.getLogger("");
      for (Handler console : root.getHandlers()) {
        root.removeHandler(console);
      }
      root.addHandler(file);
    } catch (IOException e) {
      throw new UncheckedIOException("log to " + folder, e);
    }
  }

  /**
   * Logs to the last: the platform's own closes every handler as soon as the process is told to
   * end, which is when we begin to end our parts.
   */
  public static final class UntilTheEnd extends LogManager {
    @Override
    public void reset() {}
  }
}
