package dev.orchard.controller.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.time.Duration;
import java.util.Locale;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * The header {@code Prefer} of RFC 7240, as far as it means something here. What is malformed or
 * unknown counts for nothing, and of two values of one preference the first one counts.
 *
 * @param respondAsync do not stream
 * @param patience for the VM to be ready; absent: not said
 */
record Preferences(boolean respondAsync, @Nullable Duration patience) {
  private static final HeaderName PREFER = HeaderNames.create("Prefer");

  /** What a response says in {@code Preference-Applied}. */
  static final HeaderName APPLIED = HeaderNames.create("Preference-Applied");

  private static final String RESPOND_ASYNC = "respond-async";

  static Preferences of(Headers headers) {
    boolean respondAsync = false;
    Duration patience = null;
    for (String preference : Requests.list(headers, PREFER)) {
      // Behind the semicolon are parameters; none is defined for these two.
      String[] pair = preference.split(";", 2)[0].split("=", 2);
      switch (pair[0].strip().toLowerCase(Locale.ROOT)) {
        case RESPOND_ASYNC -> respondAsync = true;
        case "wait" ->
            patience = patience == null && pair.length == 2 ? seconds(pair[1]) : patience;
        default -> {}
      }
    }
    return new Preferences(respondAsync, patience);
  }

  private static @Nullable Duration seconds(String value) {
    String digits = value.replace('"', ' ').strip();
    return digits.matches("[0-9]{1,5}") ? Duration.ofSeconds(Long.parseLong(digits)) : null;
  }

  /** The preferences that counted; empty if none did. */
  String applied(boolean waited) {
    StringJoiner applied = new StringJoiner(", ");
    if (respondAsync) {
      applied.add(RESPOND_ASYNC);
    }
    if (waited && patience != null) {
      applied.add("wait=" + patience.toSeconds());
    }
    return applied.toString();
  }
}
