package dev.orchard.cli.terminal;

/** Signals that the CLI itself may get and has something to do about. */
public enum LocalSignal {
  HUP(1),
  INT(2),
  TERM(15),
  /** The window has another size. */
  WINCH(28);

  private final int number;

  LocalSignal(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
