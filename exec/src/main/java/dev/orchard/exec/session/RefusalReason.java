package dev.orchard.exec.session;

/** Why an agent does not take a start or an attach. */
public enum RefusalReason {
  /** An attach to a session that this instance of the agent never had. */
  UNKNOWN_SESSION,
  /** The request was meant for another instance of the agent: the fence of at-most-once. */
  OTHER_INSTANCE,
  /**
   * A start of a session that has ended and whose outcome its worker has stored, or an attach to
   * output that its worker has stored.
   */
  FORGOTTEN_SESSION,
  /** The request itself is not allowed. */
  INVALID_INPUT,
  /** The agent runs as many sessions as it may. */
  TOO_MANY_SESSIONS
}
