package dev.orchard.worker.vm;

import java.util.regex.Pattern;

/**
 * Identity of a VM or of a session, minted by the API server. Only what is safe as a file name gets
 * through: 1 to 64 hexadecimal digits and dashes, no dash in front.
 */
public record Uid(String value) {
  private static final Pattern SAFE = Pattern.compile("[0-9a-f][0-9a-f-]{0,63}");

  public Uid {
    if (!SAFE.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "uid '%s' is not 1 to 64 of 0-9, a-f and -".formatted(value));
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
