package dev.orchard.cli.exec;

import dev.orchard.cli.message.CliException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as kubectl's users write them: {@code 90s}, {@code 1h30m}, or plain seconds. */
public final class Durations {
  /** A controller takes 16 bits of seconds. */
  private static final Duration MAX_WAIT = Duration.ofHours(18);

  private static final Pattern FORM =
      Pattern.compile("(?=.)(?:(\\d{1,8})h)?(?:(\\d{1,8})m)?(?:(\\d{1,8})s?)?");

  private Durations() {}

  /** The option {@code --wait} of any command: for the VM to be ready. */
  public static Duration startTimeout(String wait) {
    return option("--wait", wait, Duration.ofSeconds(1), MAX_WAIT);
  }

  static Duration option(String option, String text, Duration least, Duration most) {
    return parse(text)
        .filter(value -> value.compareTo(least) >= 0 && value.compareTo(most) <= 0)
        .orElseThrow(() ->
            CliException.usage(
                "%s '%s' is not a duration like 90s, 5m or 1h30m of %d to %d seconds"
                    .formatted(option, text, least.toSeconds(), most.toSeconds())));
  }

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
