package dev.orchard.exec.session;

/**
 * How long a session's foreground reader has been away. Time counts only while a reader could come
 * back, that is while the Kubernetes API is reachable.
 */
final class Lease {
  private boolean held;
  private boolean reachable;
  private boolean waived;
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

  /** Whoever read it asked that it runs on without any reader. */
  void waive() {
    waived = true;
  }

  boolean isWaived() {
    return waived;
  }

  boolean over() {
    return !waived && awayMillis >= WorkerSession.LEASE.toMillis();
  }
}
