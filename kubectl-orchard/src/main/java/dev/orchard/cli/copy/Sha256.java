package dev.orchard.cli.copy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests of files, in hexadecimal. */
final class Sha256 {
  private static final int BUFFER_BYTES = 64 << 10;

  private Sha256() {}

  static String of(Path file) throws IOException {
    return of(file, Long.MAX_VALUE);
  }

  /** Of the file's beginning. */
  static String of(Path file, long length) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    byte[] buffer = new byte[BUFFER_BYTES];
    long left = length;
    try (InputStream in = Files.newInputStream(file)) {
      int count = in.read(buffer, 0, (int) Math.min(left, buffer.length));
      while (count > 0) {
        digest.update(buffer, 0, count);
        left -= count;
        count = in.read(buffer, 0, (int) Math.min(left, buffer.length));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
