package dev.orchard.exec.session;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All sessions of one instance of the guest agent. It decides whether a start may spawn a process:
 * for each id at most once while the instance lives. Owned by one thread.
 */
public final class AgentSessions {
  /** Sessions that run or whose outcome the worker has not stored yet. */
  public static final int MAX_SESSIONS = 256;

  /** Ids remembered after their session is forgotten, so that a late start is refused. */
  public static final int MAX_FORGOTTEN = 100_000;

  private final String instance;
  private final Map<String, AgentSession> sessions = new LinkedHashMap<>();
  private final LinkedHashSet<String> forgotten = new LinkedHashSet<>();

  public AgentSessions(String instance) {
    this.instance = instance;
  }

  /** What to do with a start or an attach. */
  public sealed interface Admission {
    /** Spawn the process, then {@link #add} its session. */
    record Spawn() implements Admission {}

    /** Attach to the session that is there. */
    record Adopt(AgentSession session) implements Admission {}

    record Refuse(RefusalReason reason, String message) implements Admission {}
  }

  public Admission admitStart(String id, String forInstance) {
    if (!instance.equals(forInstance)) {
      return otherInstance(forInstance);
    }
    AgentSession known = sessions.get(id);
    if (known != null) {
      return new Admission.Adopt(known);
    }
    if (forgotten.contains(id)) {
      return new Admission.Refuse(
          RefusalReason.FORGOTTEN_SESSION, "session " + id + " has ended and was forgotten");
    }
    if (sessions.size() >= MAX_SESSIONS) {
      return new Admission.Refuse(
          RefusalReason.TOO_MANY_SESSIONS, "the guest runs " + MAX_SESSIONS + " sessions already");
    }
    return new Admission.Spawn();
  }

  public Admission admitAttach(String id, String forInstance) {
    if (!instance.equals(forInstance)) {
      return otherInstance(forInstance);
    }
    AgentSession known = sessions.get(id);
    if (known != null) {
      return new Admission.Adopt(known);
    }
    return new Admission.Refuse(
        RefusalReason.UNKNOWN_SESSION, "session " + id + " is not known to agent " + instance);
  }

  private Admission otherInstance(String forInstance) {
    return new Admission.Refuse(
        RefusalReason.OTHER_INSTANCE, "this is agent " + instance + ", not " + forInstance);
  }

  public void add(String id, AgentSession session) {
    sessions.put(id, session);
  }

  /** Drops a session whose outcome is stored; its id stays refused. */
  public void forget(String id) {
    if (sessions.remove(id) == null) {
      return;
    }
    forgotten.add(id);
    if (forgotten.size() > MAX_FORGOTTEN) {
      forgotten.removeFirst();
    }
  }

  public Optional<AgentSession> find(String id) {
    return Optional.ofNullable(sessions.get(id));
  }

  public Set<String> ids() {
    return Collections.unmodifiableSet(sessions.keySet());
  }

  public Collection<AgentSession> all() {
    return Collections.unmodifiableCollection(sessions.values());
  }
}
