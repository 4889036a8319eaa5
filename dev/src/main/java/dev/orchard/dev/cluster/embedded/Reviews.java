package dev.orchard.dev.cluster.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an API server is asked of callers and tokens, and the tokens that it mints: objects that are
 * answered with a status and never stored.
 */
record Reviews(Tokens tokens) {
  private static final String SELF_ACCESS =
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  private static final String SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  private static final String TOKEN = "/apis/authentication.k8s.io/v1/tokenreviews";
  private static final Pattern TOKEN_REQUEST =
      Pattern.compile(
          "/api/v1/namespaces/(?<namespace>[^/]+)/serviceaccounts/(?<name>[^/]+)/token");

  // What Kubernetes gives who names no lifetime.
  private static final long DEFAULT_SECONDS = 3600;

  static boolean covers(String path) {
    return List.of(SELF_ACCESS, SELF, TOKEN).contains(path)
        || TOKEN_REQUEST.matcher(path).matches();
  }

  /** Fills in the status of an object that was posted to a covered path. */
  void answer(String path, ObjectNode object, Tokens.Identity caller) {
    JsonNode spec = object.path("spec");
    ObjectNode status = object.putObject("status");
    switch (path) {
      // Whoever is let in at all may do everything.
      case SELF_ACCESS -> status.put("allowed", true);
      case SELF -> describe(caller, status.putObject("userInfo"));
      case TOKEN -> review(spec, status);
      default -> mint(path, spec, status);
    }
  }

  private void review(JsonNode spec, ObjectNode status) {
    List<String> wanted = strings(spec.path("audiences"));
    List<String> audiences = wanted.isEmpty() ? List.of(Tokens.API) : wanted;
    Optional<Tokens.Identity> identity = tokens.identify(spec.path("token").asText(), audiences);
    status.put("authenticated", identity.isPresent());
    identity.ifPresent(known -> {
      describe(known, status.putObject("user"));
      ArrayNode common = status.putArray("audiences");
      known.audiences().stream().filter(audiences::contains).forEach(common::add);
    });
  }

  private void mint(String path, JsonNode spec, ObjectNode status) {
    Matcher account = TOKEN_REQUEST.matcher(path);
    if (!account.matches()) {
      throw new IllegalArgumentException(path);
    }
    List<String> audiences = strings(spec.path("audiences"));
    Instant end = Instant.now().plusSeconds(spec.path("expirationSeconds").asLong(DEFAULT_SECONDS));
    status
        .put("token", tokens.mint(account.group("namespace"), account.group("name"), audiences))
        .put("expirationTimestamp", end.truncatedTo(ChronoUnit.SECONDS).toString());
  }

  private static void describe(Tokens.Identity identity, ObjectNode user) {
    user.put("username", identity.user());
    ArrayNode groups = user.putArray("groups");
    identity.groups().forEach(groups::add);
    groups.add("system:authenticated");
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(item -> strings.add(item.asText()));
    return strings;
  }
}
