package dev.orchard.exec.socket;

/** How sockets end: codes of RFC 6455, section 7.4.1. */
public final class CloseCode {
  /** The stream is over. */
  public static final int NORMAL = 1000;

  /** The other side goes away. */
  public static final int GOING_AWAY = 1001;

  /** The other side breaks the protocol, or may not do what it wants. */
  public static final int POLICY = 1008;

  /** The stream cannot go on. */
  public static final int FAILURE = 1011;

  /** The longest reason in UTF-8. */
  private static final int MAX_REASON_BYTES = 123;

  private CloseCode() {}

  /** A reason that fits into a close frame. */
  public static String reason(String text) {
    StringBuilder reason = new StringBuilder();
    int bytes = 0;
    for (int point : text.codePoints().toArray()) {
      bytes += Character.toString(point).getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
      if (bytes > MAX_REASON_BYTES) {
        break;
      }
      reason.appendCodePoint(point);
    }
    return reason.toString();
  }
}
