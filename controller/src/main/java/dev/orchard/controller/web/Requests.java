package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import io.helidon.common.parameters.Parameters;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What requests say besides their bodies. */
public final class Requests {
  /** Of paths that name none. */
  public static final String DEFAULT_NAMESPACE = "default";

  private static final HeaderName PREFER = HeaderNames.create("Prefer");

  private Requests() {}

  /** The values of the header {@code Authorization}. */
  public static List<String> authorization(Headers headers) {
    return headers.contains(HeaderNames.AUTHORIZATION)
        ? headers.get(HeaderNames.AUTHORIZATION).allValues()
        : List.of();
  }

  /** The VM of a path below {@code /v1} or {@code /v1/namespaces/{ns}}. */
  public static Place place(Parameters path) {
    return new Place(path.first("ns").orElse(DEFAULT_NAMESPACE), path.get("vm"));
  }

  /** Absent: false. Present without a value: true. */
  static boolean flag(UriQuery query, String name) {
    return query.contains(name)
        && switch (query.first(name).orElse("").toLowerCase(Locale.ROOT)) {
          case "", "true", "1" -> true;
          case "false", "0" -> false;
          default -> throw ApiException.invalid(name, "must be true or false");
        };
  }

  static @Nullable Long number(UriQuery query, String name, long max) {
    if (!query.contains(name)) {
      return null;
    }
    String text = query.first(name).orElse("");
    try {
      long number = Long.parseLong(text);
      if (number >= 0 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number that is out of range.
    }
    throw ApiException.invalid(name, "must be a whole number from 0 to " + max);
  }

  static long offset(UriQuery query) {
    Long from = number(query, "from", Long.MAX_VALUE);
    return from == null ? 0 : from;
  }

  /** No page in a browser may use its user's credentials: none is listed. */
  public static void requireNoOrigin(Headers headers) {
    if (headers.contains(HeaderNames.ORIGIN)) {
      throw new ApiException(
          403, "origin-refused", "requests with a header Origin are refused: none is listed");
    }
  }

  static boolean wantsMetadata(Headers headers) {
    if (!headers.contains(HeaderNames.ACCEPT)) {
      return false;
    }
    String accept = headers.get(HeaderNames.ACCEPT).values().toLowerCase(Locale.ROOT);
    return accept.contains("application/json") && !accept.contains("ndjson");
  }

  public static boolean wantsUpgrade(Headers headers) {
    return headers.contains(HeaderNames.UPGRADE);
  }

  static boolean prefersAsync(Headers headers) {
    return headers.contains(PREFER)
        && headers.get(PREFER).allValues(true).stream()
            .anyMatch(value -> value.strip().equalsIgnoreCase("respond-async"));
  }
}
