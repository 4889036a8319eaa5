package dev.orchard.exec.session;

/** What becomes of a session whose log is full while nobody in the foreground reads it. */
public enum OnOutputLimit {
  /** The oldest output is dropped and shows as a gap. */
  DROP_OLDEST,
  /** The process waits until a reader makes room. */
  BLOCK,
  /** The session is cancelled with reason {@code OutputLimit}. */
  TERMINATE
}
