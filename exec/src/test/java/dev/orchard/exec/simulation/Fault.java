package dev.orchard.exec.simulation;

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
  /** A later outcome overwrites the one in the object. */
  LAST_OUTCOME_WINS,
  /** The client takes the end of its connection for the end of the output. */
  CUT_IS_SUCCESS,
  /** The agent acknowledges stdin that it has received, before the pipe has taken it. */
  ACK_BEFORE_PIPE,
  /** The agent forgets output that it has sent, stored or not. */
  UNSTORED_DROPPED,
  /** The agent reports the exit as soon as the process has ended, and leaves its pipes unread. */
  CLOSE_BEFORE_DRAIN,
  /** The agent knows sessions by their objects' names. */
  NAME_FOR_UID,
  /** A worker that does not know whether a command was started starts it again. */
  RERUN_ON_DOUBT,
  /** The agent starts what was meant for another instance of it. */
  INSTANCE_UNCHECKED,
  /** A replica cancels what its informer does not show, without a live look. */
  ABSENCE_CANCELS,
  /** The worker keeps the id of a cancelled, unknown session in memory only. */
  TOMBSTONE_IN_MEMORY,
  /** The agent ends a process' stdin when its stream breaks. */
  EOF_MADE_UP,
  /** A replica that has written one report of a session takes every other one for written. */
  REVISION_IGNORED,
  /** The worker journals the exit before the log is synced. */
  EXIT_BEFORE_SYNC,
  /** Who was taken over may write on. */
  TAKEOVER_WITHOUT_FENCE,
  /** The agent takes stdin that it has taken before. */
  STDIN_TAKEN_TWICE,
  /** The agent keeps, for whoever takes over, what the pipe has not taken of the one before. */
  STDIN_KEPT_AT_TAKEOVER,
  /** Output that was evicted or damaged is passed over in silence. */
  GAP_UNTOLD
}
