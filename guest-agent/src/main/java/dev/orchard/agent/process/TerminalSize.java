package dev.orchard.agent.process;

/** Size of a terminal in characters, 1 to 65,535 each way. */
public record TerminalSize(int rows, int cols) {
  public TerminalSize {
    if (rows < 1 || rows > 65_535 || cols < 1 || cols > 65_535) {
      throw new IllegalArgumentException(
          "terminal size " + rows + "x" + cols + " is not within 1 to 65,535 each way");
    }
  }
}
