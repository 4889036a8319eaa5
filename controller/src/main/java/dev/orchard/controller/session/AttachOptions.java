package dev.orchard.controller.session;

/**
 * How somebody attaches.
 *
 * @param from offset of the first byte of output wanted
 * @param follow beyond the log's present end
 * @param writer may send stdin, resize, signal and detach
 * @param takeover takes the right to write from whoever has it
 * @param output false: writes only
 */
public record AttachOptions(
    long from, boolean follow, boolean writer, boolean takeover, boolean output) {
  /** Reads only. */
  public static AttachOptions reader(long from, boolean follow) {
    return new AttachOptions(from, follow, false, false, true);
  }

  /** Writes only. */
  public static AttachOptions writer(boolean takeover) {
    return new AttachOptions(0, true, true, takeover, false);
  }

  /** Passes one resize or signal on, beside whoever writes. */
  static AttachOptions control() {
    return new AttachOptions(0, true, false, false, false);
  }

  /** Reads and writes. */
  public static AttachOptions interactive(long from, boolean takeover) {
    return new AttachOptions(from, true, true, takeover, true);
  }
}
