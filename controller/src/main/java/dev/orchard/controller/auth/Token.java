package dev.orchard.controller.auth;

import dev.orchard.controller.problem.ApiException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** A bearer token of the Kubernetes API. Never printed. */
public record Token(String value) {
  public Token {
    // An empty token would make its bearer system:anonymous; anything but printable ASCII could
    // end the header that it is forwarded in.
    if (value.isEmpty() || !value.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw ApiException.unauthenticated("the token is empty or not printable ASCII");
    }
  }

  /** Reads the values of the header {@code Authorization}: Bearer, or Basic with it as password. */
  public static Token of(List<String> authorization) {
    if (authorization.size() != 1) {
      throw ApiException.unauthenticated(
          "one header Authorization is needed: Bearer TOKEN, or Basic with the token as password");
    }
    String header = authorization.getFirst().strip();
    int space = header.indexOf(' ');
    String scheme = space < 0 ? header : header.substring(0, space);
    String credentials = space < 0 ? "" : header.substring(space + 1).strip();
    return switch (scheme.toLowerCase(Locale.ROOT)) {
      case "bearer" -> new Token(credentials);
      case "basic" -> new Token(passwordOf(credentials));
      default ->
          throw ApiException.unauthenticated("Authorization must be Bearer or Basic, not another");
    };
  }

  private static String passwordOf(String basic) {
    String pair;
    try {
      pair = new String(Base64.getDecoder().decode(basic), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw ApiException.unauthenticated("Basic credentials are not base64");
    }
    return pair.substring(pair.indexOf(':') + 1);
  }

  /** Key for caches: SHA-256 in hex, so that no cache holds the token itself as a key. */
  public String digest() {
    try {
      byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String toString() {
    return "Token[…]";
  }
}
