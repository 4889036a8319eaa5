package dev.orchard.exec.frame;

/** One of the two streams that a process writes. A session with a TTY has only {@link #STDOUT}. */
public enum StdStream {
  STDOUT,
  STDERR
}
