package dev.orchard.cli.session;

import dev.orchard.cli.message.Escaped;
import dev.orchard.cli.road.SessionInfo;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Sessions for a terminal, as kubectl prints objects; nothing in it can move a cursor. */
final class SessionTable {
  private static final List<String> HEAD =
      List.of("SESSION", "VM", "STATE", "EXIT", "AGE", "COMMAND");
  private static final int MAX_COMMAND = 80;
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  private final Instant now;

  SessionTable(Instant now) {
    this.now = now;
  }

  String of(List<SessionInfo> sessions) {
    List<List<String>> rows = new ArrayList<>(List.of(HEAD));
    sessions.stream().map(this::row).forEach(rows::add);
    int[] widths = new int[HEAD.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 3);
      }
      table.append(line.toString().stripTrailing()).append('\n');
    }
    return table.toString();
  }

  private List<String> row(SessionInfo info) {
    return List.of(
        Escaped.line(info.session()),
        Escaped.line(info.vm()),
        Escaped.line(info.state()),
        info.exit().isEmpty() ? "-" : Escaped.line(info.exit()),
        age(info.createdAt()),
        command(info.command()));
  }

  private String age(String createdAt) {
    Duration age;
    try {
      age = Duration.between(Instant.parse(createdAt), now);
    } catch (DateTimeException e) {
      return "?";
    }
    long seconds = Math.max(0, age.toSeconds());
    if (seconds < 120) {
      return seconds + "s";
    }
    if (seconds < 7_200) {
      return seconds / 60 + "m";
    }
    return seconds < 172_800 ? seconds / 3_600 + "h" : seconds / 86_400 + "d";
  }

  /** Quoted where a shell would want it. */
  private static String command(List<String> command) {
    StringBuilder line = new StringBuilder();
    for (String argument : command) {
      if (line.length() > MAX_COMMAND) {
        break;
      }
      line.append(line.isEmpty() ? "" : " ")
          .append(
              PLAIN.matcher(argument).matches()
                  ? argument
                  : "'" + Escaped.line(argument).replace("'", "'\\''") + "'");
    }
    return line.codePointCount(0, line.length()) <= MAX_COMMAND
        ? line.toString()
        : line.substring(0, line.offsetByCodePoints(0, MAX_COMMAND - 1)) + "…";
  }
}
