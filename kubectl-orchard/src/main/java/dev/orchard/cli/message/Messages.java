package dev.orchard.cli.message;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Lines for people on standard error, each escaped and written at once. */
public final class Messages {
  private final OutputStream stderr;
  private volatile boolean raw;

  public Messages(OutputStream stderr) {
    this.stderr = stderr;
  }

  /** While the terminal is raw it does not go back to the first column by itself. */
  public void terminalIsRaw(boolean raw) {
    this.raw = raw;
  }

  /** One line. Where nobody takes it there is nobody to tell. */
  public void say(String message) {
    String line = "orchard: " + Escaped.line(message) + (raw ? "\r\n" : "\n");
    try {
      stderr.write(line.getBytes(StandardCharsets.UTF_8));
      stderr.flush();
    } catch (IOException e) {
      return;
    }
  }
}
