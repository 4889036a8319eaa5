package dev.orchard.controller.worker;

import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerReport;
import org.jspecify.annotations.Nullable;

/** What a link's thread has to deal with. */
sealed interface LinkInput {
  record Reported(WorkerReport report) implements LinkInput {}

  /** Objects, or the Kubernetes API's reachability, changed. */
  record Changed() implements LinkInput {}

  /** To be passed on as it is. */
  record Pass(Instruction instruction) implements LinkInput {}

  /**
   * An exec that goes out before its object is in any informer.
   *
   * @param start the instruction, with the attachment of whoever starts it
   */
  record Start(VMExec exec, Instruction start) implements LinkInput {}

  /** The exec's outcome stands in its object. */
  record Stored(String uid) implements LinkInput {}

  /** A live look found the exec's object as it is, or none of its UID. */
  record Looked(String uid, @Nullable VMExec found) implements LinkInput {}

  /** A start was to be given: this is the exec's object now, or there is none of its UID. */
  record Confirmed(String uid, @Nullable VMExec found) implements LinkInput {}

  /** Whether a live look found a VM of this UID that is placed on this worker. */
  record LookedForVm(String uid, boolean found) implements LinkInput {}

  /**
   * The stream is over.
   *
   * @param why absent if the worker ended it regularly
   */
  record Ended(@Nullable String why) implements LinkInput {}
}
