package dev.orchard.cli.message;

/** Makes text that came from elsewhere safe to show on a terminal. */
public final class Escaped {
  private Escaped() {}

  /**
   * One line of {@code text}: what could move the cursor, change the terminal or reorder the line
   * becomes its Java escape.
   */
  public static String line(String text) {
    StringBuilder line = new StringBuilder(text.length());
    text.codePoints().forEach(point -> append(line, point));
    return line.toString();
  }

  private static void append(StringBuilder line, int point) {
    switch (point) {
      case '\n' -> line.append("\\n");
      case '\r' -> line.append("\\r");
      case '\t' -> line.append("\\t");
      default -> {
        if (hidden(point)) {
          for (char unit : Character.toChars(point)) {
            line.append(String.format("\\u%04x", (int) unit));
          }
        } else {
          line.appendCodePoint(point);
        }
      }
    }
  }

  /** FORMAT holds the marks that turn the direction of text. */
  private static boolean hidden(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
