package dev.orchard.dev.secret;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/** Bearer tokens of dev's own making: 32 random bytes in hex, good in every header and file. */
public final class AccessToken {
  private static final int BYTES = 32;

  private AccessToken() {}

  public static String random() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** The token of the file, or a new one that is then kept there. */
  public static String in(Path file) {
    if (!Files.exists(file)) {
      OwnerFiles.write(file, random());
    }
    return OwnerFiles.read(file);
  }
}
