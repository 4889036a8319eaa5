package dev.orchard.controller.ticket;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What tickets are signed with, the same on every replica: the first key signs, all of them verify,
 * so that keys can be changed while replicas run. Never printed.
 */
public final class TicketKeys {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int MIN_BYTES = 32;
  private static final int MAX_KEYS = 2;

  private final List<SecretKeySpec> keys;

  private TicketKeys(List<byte[]> keys) {
    this.keys = keys.stream().map(key -> new SecretKeySpec(key, ALGORITHM)).toList();
  }

  /** A key that nobody else has: tickets are good on this replica, as long as it lives. */
  public static TicketKeys random() {
    byte[] key = new byte[MIN_BYTES];
    new SecureRandom().nextBytes(key);
    return new TicketKeys(List.of(key));
  }

  /**
   * Reads one or two lines of base64, each at least 32 bytes.
   *
   * @throws IllegalArgumentException for anything else, without showing it
   */
  public static TicketKeys read(Path file) {
    try {
      List<byte[]> keys =
          Files.readAllLines(file).stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty())
              .map(line -> Base64.getDecoder().decode(line))
              .toList();
      if (!keys.isEmpty()
          && keys.size() <= MAX_KEYS
          && keys.stream().allMatch(key -> key.length >= MIN_BYTES)) {
        return new TicketKeys(keys);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the ticket key %s cannot be read: %s".formatted(file, e.getMessage()), e);
    } catch (IllegalArgumentException e) {
      // What is no base64 is refused below; its message would show a part of it.
    }
    throw new IllegalArgumentException(
        "the ticket key %s must be one or two lines of base64, of at least %d bytes each: openssl rand -base64 %d"
            .formatted(file, MIN_BYTES, MIN_BYTES));
  }

  /** Keys that verify; the first signs. */
  int size() {
    return keys.size();
  }

  byte[] sign(int key, byte[] data) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(keys.get(key));
      return mac.doFinal(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
