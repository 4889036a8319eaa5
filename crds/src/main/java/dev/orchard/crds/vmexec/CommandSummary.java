package dev.orchard.crds.vmexec;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A command in one line for a terminal: arguments quoted where a shell would want it, whatever
 * could move a cursor escaped, at most {@value #MAX} characters.
 */
public final class CommandSummary {
  /** Of a summary, in code points. */
  public static final int MAX = 80;

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  private CommandSummary() {}

  public static String of(List<String> command) {
    StringBuilder line = new StringBuilder();
    for (String argument : command) {
      if (!line.isEmpty()) {
        line.append(' ');
      }
      append(line, argument);
      // An argument may be 128 KiB long: no more than the first few are looked at.
      if (line.length() > 2 * MAX) {
        break;
      }
    }
    return cut(line.toString(), MAX);
  }

  /** At most so many code points, the last of them an ellipsis where something was cut off. */
  static String cut(String text, int max) {
    if (text.codePointCount(0, text.length()) <= max) {
      return text;
    }
    return text.substring(0, text.offsetByCodePoints(0, max - 1)) + "…";
  }

  private static void append(StringBuilder line, String argument) {
    String head = argument.length() <= MAX ? argument : cut(argument, MAX);
    if (PLAIN.matcher(head).matches()) {
      line.append(head);
      return;
    }
    line.append('\'');
    head.codePoints().forEach(c -> append(line, c));
    line.append('\'');
  }

  private static void append(StringBuilder line, int c) {
    switch (c) {
      case '\n' -> line.append("\\n");
      case '\t' -> line.append("\\t");
      case '\r' -> line.append("\\r");
      case '\\' -> line.append("\\\\");
      case '\'' -> line.append("\\'");
      default -> {
        switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.UNASSIGNED,
              Character.PRIVATE_USE,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR ->
              line.append(String.format(Locale.ROOT, c <= 0xffff ? "\\u%04x" : "\\U%08x", c));
          default -> line.appendCodePoint(c);
        }
      }
    }
  }
}
