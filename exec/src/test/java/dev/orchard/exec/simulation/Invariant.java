package dev.orchard.exec.simulation;

/** What must be true of every world. */
enum Invariant {
  /** A command is run at most once for each UID, and only in the boot that it is bound to. */
  I1_ONE_RUN,
  /** What a client got is a prefix of what the process wrote, but for the gaps that it was told. */
  I2_BYTES,
  /** Stdin that is acknowledged has reached the pipe, once and in order. */
  I3_STDIN,
  /** One outcome: the object, the journal and the clients agree, and it has a cause. */
  I4_ONE_OUTCOME,
  /** What the agent was told to be stored outlives every crash of a process. */
  I5_LOG_KEPT,
  /** Buffers stay within their limits. */
  I6_BOUNDS,
  /** After the faults everything ends in time. */
  I7_PROGRESS,
  /** No frame acts on another session or incarnation. */
  I8_NOT_MIXED,
  /** Nothing is called a success that was none, or that is not whole. */
  HONEST_SUCCESS
}
