package dev.orchard.agent.process;

/** What came of starting a process. */
public sealed interface Launch {
  /**
   * The code for a program that is there, or a user or directory that is not. As shells have it.
   */
  int CANNOT_RUN = 126;

  /** The code for a program that is not there. As shells have it. */
  int NOT_FOUND = 127;

  /** It runs. Whoever takes it closes it. */
  record Running(ChildProcess process) implements Launch {}

  /**
   * Nothing runs.
   *
   * @param code {@link #CANNOT_RUN} or {@link #NOT_FOUND}
   * @param message names what could not be used, and why in the system's words
   */
  record Failed(int code, String message) implements Launch {
    static Failed cannotRun(String what, int errno) {
      return new Failed(CANNOT_RUN, what + ": " + Libc.words(errno));
    }
  }
}
