package dev.orchard.client;

/** Character cells of a terminal, 1 to 65,535 each. */
public record WindowSize(int rows, int cols) {
  /** What terminals are taken for that do not tell their size. */
  public static final WindowSize DEFAULT = new WindowSize(24, 80);
}
