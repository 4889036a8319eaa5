package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.crds.vm.VM;
import io.fabric8.kubernetes.api.model.Condition;
import io.helidon.common.uri.UriQuery;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What there is to tell of a VM: its creation, and of each condition when and why it came to stand
 * as it does.
 */
final class VmEvents {
  /**
   * @param place among events of the same second
   */
  private record Event(long timestamp, int place, String payload) {}

  /** Where a page ended. */
  private record Cursor(long timestamp, int place) {
    static Cursor parse(String text) {
      try {
        String[] numbers =
            new String(Base64.getUrlDecoder().decode(text), StandardCharsets.US_ASCII)
                .split("/", 2);
        return new Cursor(Long.parseLong(numbers[0]), Integer.parseInt(numbers[1]));
      } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
        throw ApiException.invalid("cursor", "must be an X-Next-Cursor of ours");
      }
    }

    String text() {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString((timestamp + "/" + place).getBytes(StandardCharsets.US_ASCII));
    }
  }

  /**
   * @param next where the next page begins; empty if nothing more follows
   */
  record Page(ArrayNode events, Optional<String> next) {}

  private VmEvents() {}

  /** One page, as {@code limit}, {@code order} and {@code cursor} have it. */
  static Page page(VM vm, UriQuery query) {
    Comparator<Event> order =
        Comparator.comparingLong(Event::timestamp).thenComparingInt(Event::place);
    order = descending(query) ? order.reversed() : order;
    int limit = limit(query);
    List<Event> events = new ArrayList<>(all(vm));
    events.sort(order);
    if (query.contains("cursor")) {
      Cursor cursor = Cursor.parse(query.first("cursor").orElse(""));
      Event passed = new Event(cursor.timestamp, cursor.place, "");
      Comparator<Event> behind = order;
      events.removeIf(event -> behind.compare(event, passed) <= 0);
    }
    List<Event> shown = events.subList(0, Math.min(limit, events.size()));
    ArrayNode json = JsonBody.JSON.createArrayNode();
    shown.forEach(event ->
        json.addObject()
            .put("kind", "log_line")
            .put("timestamp", event.timestamp)
            .put("payload", event.payload));
    return new Page(
        json,
        shown.size() == events.size()
            ? Optional.empty()
            : Optional.of(new Cursor(shown.getLast().timestamp, shown.getLast().place).text()));
  }

  private static List<Event> all(VM vm) {
    List<Event> events = new ArrayList<>();
    add(events, vm.getMetadata().getCreationTimestamp(), "created");
    for (Condition condition : vm.statusOrEmpty().conditions()) {
      String message = condition.getMessage();
      add(
          events,
          condition.getLastTransitionTime(),
          "%s %s: %s%s"
              .formatted(
                  condition.getType(),
                  condition.getStatus(),
                  condition.getReason(),
                  message == null || message.isEmpty() ? "" : ", " + message));
    }
    return events;
  }

  private static void add(List<Event> events, String time, String payload) {
    events.add(new Event(Instant.parse(time).getEpochSecond(), events.size(), payload));
  }

  private static boolean descending(UriQuery query) {
    String order = query.contains("order") ? query.first("order").orElse("") : "asc";
    return switch (order.toLowerCase(Locale.ROOT)) {
      case "asc" -> false;
      case "desc" -> true;
      default -> throw ApiException.invalid("order", "must be asc or desc");
    };
  }

  private static int limit(UriQuery query) {
    if (!query.contains("limit")) {
      return Integer.MAX_VALUE;
    }
    try {
      int limit = Integer.parseInt(query.first("limit").orElse(""));
      if (limit > 0) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number that is none of ours.
    }
    throw ApiException.invalid("limit", "must be a whole number from 1");
  }
}
