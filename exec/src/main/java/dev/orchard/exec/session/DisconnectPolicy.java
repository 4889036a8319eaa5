package dev.orchard.exec.session;

/** What becomes of a command whose foreground reader went away. */
public enum DisconnectPolicy {
  /** It is cancelled after {@link WorkerSession#LEASE}. */
  TERMINATE,
  /** It runs on. */
  DETACH
}
