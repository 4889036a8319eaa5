package dev.orchard.dev.cluster.embedded;

import dev.orchard.dev.secret.AccessToken;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Who a token stands for: dev itself, and the service accounts that it was asked to mint for. */
final class Tokens {
  /**
   * @param audiences whom the token is meant for; the API itself takes only {@link #API}
   */
  record Identity(String user, List<String> groups, List<String> audiences) {}

  static final String API = "https://kubernetes.default.svc";

  private final Map<String, Identity> identities = new HashMap<>();

  Tokens(String devToken) {
    identities.put(devToken, new Identity("dev", List.of("system:masters"), List.of(API)));
  }

  String mint(String namespace, String serviceAccount, List<String> audiences) {
    String token = AccessToken.random();
    identities.put(
        token,
        new Identity(
            "system:serviceaccount:%s:%s".formatted(namespace, serviceAccount),
            List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace),
            audiences.isEmpty() ? List.of(API) : List.copyOf(audiences)));
    return token;
  }

  /** Empty also where the token is none of those audiences'. */
  Optional<Identity> identify(String token, List<String> audiences) {
    return new ArrayList<>(identities.entrySet())
        .stream()
            .filter(entry -> sameBytes(entry.getKey(), token))
            .map(Map.Entry::getValue)
            .filter(identity -> identity.audiences().stream().anyMatch(audiences::contains))
            .findAny();
  }

  // In constant time: how much of a token was right must not show.
  private static boolean sameBytes(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}
