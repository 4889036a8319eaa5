package dev.orchard.worker.road;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The worker's token, read anew for every use since it is renewed in place. */
record BearerToken(Path file) {
  /** The header {@code Authorization}. */
  String header() throws IOException {
    try {
      return "Bearer " + Files.readString(file).strip();
    } catch (IOException e) {
      throw new IOException("the worker's token file " + file + " cannot be read", e);
    }
  }
}
