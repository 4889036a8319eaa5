package dev.orchard.cli.exec;

import dev.orchard.cli.message.Escaped;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes whole lines, each behind a name, so that those of several writers to one stream do not
 * mix. A line that is very long comes in pieces.
 */
final class PrefixedOutput extends OutputStream {
  private static final int MAX_LINE_BYTES = 64 << 10;

  private final byte[] prefix;
  private final OutputStream shared;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  PrefixedOutput(String name, OutputStream shared) {
    this.prefix = (Escaped.line(name) + ": ").getBytes(StandardCharsets.UTF_8);
    this.shared = shared;
  }

  @Override
  public synchronized void write(int b) throws IOException {
    if (line.size() == 0) {
      line.write(prefix);
    }
    line.write(b);
    if (b == '\n') {
      pass();
    } else if (line.size() >= MAX_LINE_BYTES) {
      line.write('\n');
      pass();
    }
  }

  /** Writes what has no end of its own. */
  synchronized void finish() throws IOException {
    if (line.size() > 0) {
      line.write('\n');
      pass();
    }
  }

  private void pass() throws IOException {
    synchronized (shared) {
      line.writeTo(shared);
      shared.flush();
    }
    line.reset();
  }
}
