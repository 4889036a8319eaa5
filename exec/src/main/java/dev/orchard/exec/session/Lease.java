package dev.orchard.exec.session;

/**
 * How long a session's foreground reader has been away. Time counts only while a reader could come
 * back, that is while the Kubernetes API is reachable.
 */
final class Lease {
  private boolean held;
  private boolean reachable;
  private long awayMillis;

  void held(boolean held) {
    this.held = held;
    if (held) {
      awayMillis = 0;
    }
  }

  void reachable(boolean reachable) {
    this.reachable = reachable;
  }

  void elapsed(long millis) {
    if (!held && reachable) {
      awayMillis += millis;
    }
  }

  boolean over() {
    return awayMillis >= WorkerSession.LEASE.toMillis();
  }
}
