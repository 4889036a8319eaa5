package dev.orchard.agent.process;

/** The system refused what a session needs of it, in its own words. */
public final class SystemCallException extends RuntimeException {
  private final String what;
  private final int errno;

  SystemCallException(String what, int errno) {
    super(what + ": " + Libc.words(errno));
    this.what = what;
    this.errno = errno;
  }

  String what() {
    return what;
  }

  int errno() {
    return errno;
  }
}
