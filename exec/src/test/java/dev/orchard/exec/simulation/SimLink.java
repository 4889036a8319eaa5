package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.SessionPhase;
import org.jspecify.annotations.Nullable;

/** What goes over a worker's link to a replica. */
final class SimLink {
  private SimLink() {}

  /** From the worker. */
  sealed interface Report {
    record Register(boolean primary) implements Report {}

    record Vm(String vmUid, String bootId, boolean connected) implements Report {}

    record Session(
        String uid, long revision, SessionPhase phase, boolean started, Frame.@Nullable Exit exit)
        implements Report {
      boolean finished() {
        return phase == SessionPhase.FINISHED;
      }
    }

    record Synced() implements Report {}
  }

  /** From a replica. */
  sealed interface Instruction {
    record Start(String uid, String bootId, int timeout) implements Instruction {}

    record Attach(SimAttachment.Request request) implements Instruction {}

    record Cancel(String uid) implements Instruction {}

    record Stored(String uid) implements Instruction {}

    record Kubernetes(boolean reachable) implements Instruction {}

    record StartVm(String vmUid) implements Instruction {}

    record DropVm(String vmUid) implements Instruction {}

    record Draining() implements Instruction {}
  }
}
