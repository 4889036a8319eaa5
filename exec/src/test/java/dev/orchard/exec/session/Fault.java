package dev.orchard.exec.session;

/** Bugs planted in the simulated drivers, to prove that the simulation can fail. */
enum Fault {
  NONE,
  /** The worker asks the guest before its intent is on disk. */
  START_BEFORE_INTENT,
  /** The worker tells the guest what it may forget before that is in the log. */
  STORED_BEFORE_APPEND,
  /** After an agent's restart the worker takes the new instance for the old one. */
  FENCE_IGNORED,
  /** The agent forgets its sessions' ids when the worker reconnects. */
  SESSIONS_DROPPED_ON_RECONNECT,
  /** A later report overwrites the outcome in the object. */
  LAST_OUTCOME_WINS,
  /** The client takes the end of its connection for the end of the output. */
  CUT_IS_SUCCESS
}
