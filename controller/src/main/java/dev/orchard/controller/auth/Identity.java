package dev.orchard.controller.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A user as the API server knows one.
 *
 * @param uid empty where there is none
 */
public record Identity(
    String user, String uid, List<String> groups, SortedMap<String, List<String>> extra) {
  public Identity {
    groups = List.copyOf(groups);
    extra = new TreeMap<>(extra);
  }

  /** Of all of it: two that differ in a group are two callers. */
  String digest() {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      add(sha256, List.of(user, uid));
      add(sha256, groups);
      for (Map.Entry<String, List<String>> entry : extra.entrySet()) {
        add(sha256, List.of(entry.getKey()));
        add(sha256, entry.getValue());
      }
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** With their lengths, so that no two lists are the same bytes. */
  private static void add(MessageDigest digest, List<String> texts) {
    digest.update((texts.size() + "[").getBytes(StandardCharsets.US_ASCII));
    for (String text : texts) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
      digest.update(bytes);
    }
  }
}
