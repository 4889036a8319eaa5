package dev.orchard.exec.link;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Two streams, and what closes both. */
record StreamCarrier(InputStream input, OutputStream output, Closeable closer) implements Carrier {
  @Override
  public void close() throws IOException {
    closer.close();
  }
}
