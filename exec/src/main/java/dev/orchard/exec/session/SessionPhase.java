package dev.orchard.exec.session;

/** Where a session stands on its worker: see {@link WorkerSession}. Grows only. */
public enum SessionPhase {
  WAITING,
  INTENDED,
  RUNNING,
  FINISHED
}
