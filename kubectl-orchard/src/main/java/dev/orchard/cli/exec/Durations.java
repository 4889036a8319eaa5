package dev.orchard.cli.exec;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as kubectl's users write them: {@code 90s}, {@code 1h30m}, or plain seconds. */
final class Durations {
  private static final Pattern FORM =
      Pattern.compile("(?=.)(?:(\\d{1,8})h)?(?:(\\d{1,8})m)?(?:(\\d{1,8})s?)?");

  private Durations() {}

  /** Whole seconds, or empty for what is not a duration. */
  static Optional<Duration> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        Duration.ofHours(number(matcher, 1))
            .plusMinutes(number(matcher, 2))
            .plusSeconds(number(matcher, 3)));
  }

  private static long number(Matcher matcher, int group) {
    String digits = matcher.group(group);
    return digits == null ? 0 : Long.parseLong(digits);
  }
}
