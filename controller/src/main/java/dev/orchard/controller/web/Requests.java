package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import io.helidon.common.parameters.Parameters;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What requests say besides their bodies. */
public final class Requests {
  /** Of paths that name none. */
  public static final String DEFAULT_NAMESPACE = "default";

  /** A resume ticket. */
  static final HeaderName TICKET = HeaderNames.create("Orchard-Ticket");

  private static final HeaderName LAST_EVENT_ID = HeaderNames.create("Last-Event-ID");
  private static final HeaderName SOCKET_KEY = HeaderNames.create("Sec-WebSocket-Key");
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9+/]{22}==");

  /** What Kubernetes takes for a name; nothing else gets into a path of its API. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

  private Requests() {}

  /** The values of the header {@code Authorization}. */
  public static List<String> authorization(Headers headers) {
    return headers.contains(HeaderNames.AUTHORIZATION)
        ? headers.get(HeaderNames.AUTHORIZATION).allValues()
        : List.of();
  }

  /** The resume ticket; empty where there is none. */
  static String ticket(Headers headers) {
    return headers.contains(TICKET) ? headers.get(TICKET).values().strip() : "";
  }

  /** The elements of a header that is a list, however many lines it has. Empty if it is absent. */
  static List<String> list(Headers headers, HeaderName name) {
    return headers.contains(name)
        ? headers.get(name).allValues().stream()
            .flatMap(value -> Arrays.stream(value.split(",")))
            .map(String::strip)
            .toList()
        : List.of();
  }

  /** The VM of a path below {@code /v1} or {@code /v1/namespaces/{ns}}. */
  public static Place place(Parameters path) {
    return new Place(namespace(path), name(path, "vm"));
  }

  /** The namespace of a path, which is the default one where it names none. */
  public static String namespace(Parameters path) {
    return path.contains("ns") ? name(path, "ns") : DEFAULT_NAMESPACE;
  }

  /** The session of a path. */
  public static String session(Parameters path) {
    return name(path, "session");
  }

  /** A name in a path. */
  public static String name(Parameters path, String field) {
    String name = path.get(field);
    if (!NAME.matcher(name).matches()) {
      throw ApiException.invalid(
          field, "must be a name: at most 253 of a-z, 0-9 and, inside, hyphens and dots");
    }
    return name;
  }

  /** Absent: false. Present without a value: true. */
  public static boolean flag(UriQuery query, String name) {
    return query.contains(name)
        && switch (query.first(name).orElse("").toLowerCase(Locale.ROOT)) {
          case "", "true", "1" -> true;
          case "false", "0" -> false;
          default -> throw ApiException.invalid(name, "must be true or false");
        };
  }

  /** Absent where the query has none of that name. */
  public static @Nullable Long number(UriQuery query, String name, long max) {
    if (!query.contains(name)) {
      return null;
    }
    return number(name, query.first(name).orElse(""), max);
  }

  /** A whole number in a query or a header of that name. */
  static long number(String name, String text, long max) {
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

  public static long offset(UriQuery query) {
    Long from = number(query, "from", Long.MAX_VALUE);
    return from == null ? 0 : from;
  }

  /** Whether a path is one that the API server passes requests on to, and serves nobody else. */
  static boolean comesThroughKubernetes(String path) {
    return path.equals("/apis") || path.startsWith("/apis/");
  }

  static boolean wantsMetadata(Headers headers) {
    return accepts(headers, "application/json") && !accepts(headers, "ndjson");
  }

  /** Whether a media type is named; one that would do beside others is not enough. */
  static boolean accepts(Headers headers, String mediaType) {
    return headers.contains(HeaderNames.ACCEPT)
        && headers.get(HeaderNames.ACCEPT).allValues().stream()
            .anyMatch(value -> value.toLowerCase(Locale.ROOT).contains(mediaType));
  }

  /** Where a browser's EventSource was; empty where it was nowhere. */
  static String lastEventId(Headers headers) {
    return headers.contains(LAST_EVENT_ID) ? headers.get(LAST_EVENT_ID).get().strip() : "";
  }

  /** Whether it would be a WebSocket. Other protocols are offers that are not taken. */
  public static boolean wantsUpgrade(Headers headers) {
    return headers.contains(HeaderNames.UPGRADE)
        && headers.get(HeaderNames.UPGRADE).get().equalsIgnoreCase("websocket");
  }

  /** What Helidon would answer with nothing to read, or as if no WebSocket had been asked for. */
  static void requireUpgradable(Headers headers) {
    if (!headers.get(HeaderNames.UPGRADE).get().equals("websocket")) {
      throw ApiException.invalid("Upgrade", "must be websocket, in small letters");
    }
    String key = headers.contains(SOCKET_KEY) ? headers.get(SOCKET_KEY).get() : "";
    if (!KEY.matcher(key).matches()) {
      throw ApiException.invalid(SOCKET_KEY.defaultCase(), "must be 16 bytes in base64");
    }
  }
}
