package dev.orchard.agent.process;

import java.util.List;
import java.util.OptionalInt;

/** Names and numbers of Linux' signals, the same on x86-64 and AArch64. */
public final class Signals {
  public static final int TERM = 15;
  public static final int KILL = 9;

  /** Element {@code n - 1} is signal {@code n}. */
  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  /** As the C library counts, which keeps 32 and 33 to itself. */
  private static final int REAL_TIME_MIN = 34;

  private Signals() {}

  /** The number of a signal's name without {@code SIG}; empty for an unknown one. */
  public static OptionalInt number(String name) {
    int index = NAMES.indexOf(name);
    return index < 0 ? OptionalInt.empty() : OptionalInt.of(index + 1);
  }

  /** The name without {@code SIG}; real-time signals are {@code RTMIN}, {@code RTMIN+1} and on. */
  public static String name(int number) {
    if (number <= NAMES.size()) {
      return NAMES.get(number - 1);
    }
    return number == REAL_TIME_MIN ? "RTMIN" : "RTMIN%+d".formatted(number - REAL_TIME_MIN);
  }
}
