package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.Frame;
import org.jspecify.annotations.Nullable;

/** The API server's objects, as far as they matter here. */
final class SimObjects {
  private SimObjects() {}

  /** To which boot of which VM something is bound. */
  record Binding(String vmUid, String bootId) {}

  /**
   * A VMExec.
   *
   * @param target set by its creator
   * @param boundTo set once
   * @param started a worker has said that its process ran
   */
  record Exec(
      String name,
      String uid,
      long version,
      long createdAt,
      @Nullable Binding target,
      @Nullable Binding boundTo,
      long boundAt,
      boolean cancelled,
      boolean started,
      Frame.@Nullable Exit exit,
      boolean fromWorker) {

    boolean ended() {
      return exit != null;
    }

    @Nullable Binding binding() {
      return boundTo == null ? target : boundTo;
    }

    Exec at(long newVersion) {
      return new Exec(
          name,
          uid,
          newVersion,
          createdAt,
          target,
          boundTo,
          boundAt,
          cancelled,
          started,
          exit,
          fromWorker);
    }

    Exec cancel() {
      return new Exec(
          name, uid, version, createdAt, target, boundTo, boundAt, true, started, exit, fromWorker);
    }

    Exec bound(Binding binding, long now) {
      return ended() || boundTo != null
          ? this
          : new Exec(
              name,
              uid,
              version,
              createdAt,
              target,
              binding,
              now,
              cancelled,
              started,
              exit,
              fromWorker);
    }

    Exec running() {
      return ended() || started
          ? this
          : new Exec(
              name,
              uid,
              version,
              createdAt,
              target,
              boundTo,
              boundAt,
              cancelled,
              true,
              exit,
              fromWorker);
    }

    /** The first outcome stays, unless that is the planted bug. */
    Exec finished(Frame.Exit outcome, boolean byWorker, boolean last) {
      return ended() && !last
          ? this
          : new Exec(
              name, uid, version, createdAt, target, boundTo, boundAt, cancelled, started, outcome,
              byWorker);
    }
  }

  /**
   * A VM.
   *
   * @param bootId as its worker has told
   * @param changedAt when that changed
   */
  record Vm(String uid, long version, @Nullable String bootId, boolean connected, long changedAt) {}
}
