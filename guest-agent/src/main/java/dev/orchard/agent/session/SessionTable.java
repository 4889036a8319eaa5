package dev.orchard.agent.session;

import dev.orchard.agent.process.ChildProcess;
import dev.orchard.agent.process.Launch;
import dev.orchard.agent.process.ProcessLauncher;
import dev.orchard.agent.process.ProcessSpec;
import dev.orchard.agent.process.Signals;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.AgentSession;
import dev.orchard.exec.session.AgentSessions;
import dev.orchard.exec.session.AgentSessions.Admission;
import dev.orchard.exec.session.RefusalReason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's sessions, from the start of their process until their outcome is stored, and which
 * attachment has which. Owned by the loop's thread.
 */
final class SessionTable {
  private static final Logger log = LoggerFactory.getLogger(SessionTable.class);

  private final String instance;
  private final ProcessLauncher launcher;
  private final Executor owner;
  private final AgentSessions admissions;
  private final Map<String, GuestSession> sessions = new LinkedHashMap<>();
  private final Map<String, Starting> starting = new LinkedHashMap<>();
  private boolean ending;

  /** A process that is being started, and who is to have it. */
  private static final class Starting {
    private @Nullable Attachment attachment;

    void take(Attachment next) {
      if (attachment != null) {
        attachment.takenOver();
      }
      attachment = next;
    }

    boolean isFor(Attachment other) {
      return other.equals(attachment);
    }

    void leave(Attachment left) {
      if (isFor(left)) {
        attachment = null;
      }
    }
  }

  /**
   * A table without sessions.
   *
   * @param owner runs what it is given on the thread that owns the table
   */
  SessionTable(String instance, ProcessLauncher launcher, Executor owner) {
    this.instance = instance;
    this.launcher = launcher;
    this.owner = owner;
    this.admissions = new AgentSessions(instance);
  }

  /** Those whose process was started, or was to be. */
  Collection<GuestSession> sessions() {
    return Collections.unmodifiableCollection(sessions.values());
  }

  /** Those that are being started as well. */
  List<String> ids() {
    List<String> ids = new ArrayList<>(admissions.ids());
    ids.addAll(starting.keySet());
    return ids;
  }

  void take(Attachment attachment, Request request) {
    Optional<GuestSession> attached = sessionOf(attachment);
    if (attached.isEmpty()) {
      switch (request) {
        case Request.Opening opening -> open(attachment, opening);
        case Request.Input _, Request.Stored _ ->
            attachment.refused(
                RefusalReason.INVALID_INPUT, "the first input of a stream is start or attach");
      }
      return;
    }
    GuestSession session = attached.get();
    switch (request) {
      case Request.Opening _ ->
          broken(attachment, "start or attach: the stream has its session already");
      case Request.Input(Frame.In frame) -> session.input(frame);
      case Request.Stored(long offset, boolean exit) -> stored(session, offset, exit);
    }
    attachment.next();
  }

  private Optional<GuestSession> sessionOf(Attachment attachment) {
    return sessions.values().stream().filter(session -> session.attachedTo(attachment)).findFirst();
  }

  private void open(Attachment attachment, Request.Opening opening) {
    Starting begun = starting.get(opening.id());
    if (begun != null && opening.instance().equals(instance)) {
      begun.take(attachment);
      return;
    }
    Admission admission =
        switch (opening) {
          case Request.Start(String id, String meant, ProcessSpec _) ->
              admissions.admitStart(id, meant);
          case Request.Attach(String id, String meant, long _, boolean _) ->
              admissions.admitAttach(id, meant);
        };
    switch (admission) {
      case Admission.Spawn() -> start(attachment, (Request.Start) opening);
      case Admission.Adopt(AgentSession _) -> adopt(attachment, opening);
      case Admission.Refuse(RefusalReason reason, String message) ->
          attachment.refused(reason, message);
    }
  }

  private void start(Attachment attachment, Request.Start request) {
    if (sessions.size() + starting.size() >= AgentSessions.MAX_SESSIONS) {
      attachment.refused(
          RefusalReason.TOO_MANY_SESSIONS,
          "the guest runs " + AgentSessions.MAX_SESSIONS + " sessions already");
      return;
    }
    Starting begun = new Starting();
    begun.take(attachment);
    starting.put(request.id(), begun);
    launcher.launch(request.process(), launch -> owner.execute(() -> launched(request, launch)));
  }

  private void launched(Request.Start request, Launch launch) {
    Starting begun = Objects.requireNonNull(starting.remove(request.id()));
    GuestSession session = GuestSession.of(request.id(), launch, request.process().stdin());
    admissions.add(request.id(), session.core());
    sessions.put(request.id(), session);
    switch (launch) {
      case Launch.Running(ChildProcess process) ->
          log.info("session started session={} pid={}", request.id(), process.pid());
      case Launch.Failed(int code, String message) ->
          log.info("session failed to start session={} code={}: {}", request.id(), code, message);
    }
    if (ending) {
      session.signal(Signals.TERM);
    }
    if (begun.attachment != null) {
      attach(begun.attachment, session, 0, false);
    }
  }

  private void adopt(Attachment attachment, Request.Opening opening) {
    GuestSession session = Objects.requireNonNull(sessions.get(opening.id()));
    switch (opening) {
      case Request.Start _ -> attach(attachment, session, 0, false);
      case Request.Attach(String _, String _, long from, boolean dropStdin) ->
          attach(attachment, session, from, dropStdin);
    }
  }

  private static void attach(
      Attachment attachment, GuestSession session, long from, boolean dropStdin) {
    session
        .attach(attachment, from, dropStdin)
        .ifPresent(why -> attachment.refused(RefusalReason.FORGOTTEN_SESSION, why));
  }

  /** A request of it breaks the schema. */
  void broken(Attachment attachment, String message) {
    if (sessionOf(attachment).isPresent()) {
      leave(attachment);
      attachment.broken(message);
    } else {
      attachment.refused(RefusalReason.INVALID_INPUT, message);
    }
  }

  /** Nobody is at its other end any more. */
  void leave(Attachment attachment) {
    starting.values().forEach(begun -> begun.leave(attachment));
    sessionOf(attachment).ifPresent(GuestSession::detach);
  }

  private void stored(GuestSession session, long offset, boolean exit) {
    session.stored(offset);
    if (exit) {
      session.core().exitStored();
    }
    if (session.core().forgettable()) {
      session.end();
      sessions.remove(session.id());
      admissions.forget(session.id());
      log.info("session forgotten session={}", session.id());
    }
  }

  /** No request will come of it any more. */
  void inputClosed(Attachment attachment) {
    attachment.closeInput();
    boolean opened =
        sessionOf(attachment).isPresent()
            || starting.values().stream().anyMatch(begun -> begun.isFor(attachment));
    if (!opened) {
      attachment.refused(RefusalReason.INVALID_INPUT, "the stream has no input");
    }
  }

  /** To every process group, and from now on to each that is started yet. */
  void terminate() {
    ending = true;
    signal(Signals.TERM);
  }

  void kill() {
    signal(Signals.KILL);
  }

  private void signal(int number) {
    sessions.values().forEach(session -> session.signal(number));
  }

  /** Not while a process is being started, which nobody could tell from an orphan yet. */
  void collectOrphans() {
    if (starting.isEmpty()) {
      launcher.collectOrphans(
          pid -> sessions.values().stream().anyMatch(session -> session.awaits(pid)));
    }
  }

  /** No process lives or is being started. */
  boolean quiet() {
    return starting.isEmpty() && sessions.values().stream().noneMatch(GuestSession::processLives);
  }
}
