package dev.orchard.agent.session;

import dev.orchard.agent.process.ChildProcess;
import dev.orchard.agent.process.Launch;
import dev.orchard.agent.process.Poller;
import dev.orchard.agent.process.ProcessLauncher;
import dev.orchard.agent.process.ProcessSpec;
import dev.orchard.agent.process.Signals;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.AgentSession;
import dev.orchard.exec.session.AgentSessions;
import dev.orchard.exec.session.AgentSessions.Admission;
import dev.orchard.exec.session.RefusalReason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns every session: it waits with poll(2) for all their pipes, terminals and
 * processes at a time, and never for one of them alone.
 *
 * <p>A round is: wait; count the time that passed; take what other threads have sent; move bytes;
 * send frames. What others send is bounded by them: an attachment has one request on its way at
 * most, and sessions are counted.
 */
public final class SessionLoop {
  /** From TERM to KILL for what still runs when the agent ends. */
  private static final Duration TERMINATION_GRACE = Duration.ofSeconds(2);

  /** From KILL to the loop's end, should a process not die of it. */
  private static final Duration KILL_GRACE = Duration.ofSeconds(1);

  private static final int FOREVER = -1;

  /** Steps in which time is counted while a process that has ended is drained. */
  private static final int TICK_MILLIS = 50;

  /** stdin, stdout, stderr and the process itself. */
  private static final int DESCRIPTORS_PER_SESSION = 4;

  /** What a session may still hold when the budget is used up, so that each goes on. */
  private static final int SCARCE_BUFFER_BYTES = Frame.MAX_DATA;

  private static final Logger log = LoggerFactory.getLogger(SessionLoop.class);

  private final String instance;
  private final ProcessLauncher launcher;
  private final AgentSessions admissions;
  private final long outputBudget;
  private final Map<String, GuestSession> sessions = new LinkedHashMap<>();
  private final Map<String, Starting> starting = new LinkedHashMap<>();
  private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
  private final Poller poller = new Poller(AgentSessions.MAX_SESSIONS * DESCRIPTORS_PER_SESSION);
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Frame.MAX_DATA);
  private final Thread thread;

  /** When the end was asked for; absent until then. */
  private @Nullable Long endingNanos;

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

  private SessionLoop(String instance, ProcessLauncher launcher, long outputBudget) {
    this.instance = instance;
    this.outputBudget = outputBudget;
    this.launcher = launcher;
    this.admissions = new AgentSessions(instance);
    this.thread = Thread.ofPlatform().name("sessions").unstarted(this::run);
  }

  /**
   * Starts the thread, which {@link #stop} ends.
   *
   * @param instance the agent's name of itself, which no other start of it has
   * @param outputBudget bytes of output of all sessions together that may be in memory; beyond it
   *     each session goes on in steps of a frame
   */
  public static SessionLoop start(String instance, ProcessLauncher launcher, long outputBudget) {
    SessionLoop loop = new SessionLoop(instance, launcher, outputBudget);
    loop.thread.start();
    return loop;
  }

  String instance() {
    return instance;
  }

  /** A request has come; the attachment is told when the next one may. Any thread. */
  void request(Attachment attachment, Request request) {
    post(() -> take(attachment, request));
  }

  /** A request has come that the schema does not allow. Any thread. */
  void invalid(Attachment attachment, String message) {
    post(() -> broken(attachment, message));
  }

  /** An attachment can take frames again: the next round sends them. Any thread. */
  void ready() {
    poller.wake();
  }

  /** No request will come any more, though what is left to send is wanted. Any thread. */
  void inputEnded(Attachment attachment) {
    post(() -> {
      boolean opened =
          sessionOf(attachment).isPresent()
              || starting.values().stream().anyMatch(begun -> begun.isFor(attachment));
      if (!opened) {
        attachment.refused(RefusalReason.INVALID_INPUT, "the stream has no input");
      }
    });
  }

  /** The worker has left the attachment. Any thread. */
  void left(Attachment attachment) {
    post(() -> leave(attachment));
  }

  /** Tells the ids of all sessions, on the loop's thread. Any thread may ask. */
  void list(Consumer<List<String>> then) {
    post(() -> {
      List<String> ids = new ArrayList<>(admissions.ids());
      ids.addAll(starting.keySet());
      then.accept(ids);
    });
  }

  private void post(Runnable message) {
    inbox.add(message);
    poller.wake();
  }

  private void run() {
    try {
      while (!ended()) {
        round();
      }
    } finally {
      signalAll(Signals.KILL);
      poller.close();
    }
  }

  private void round() {
    poller.clear();
    List<GuestSession> watched = List.copyOf(sessions.values());
    long held = watched.stream().mapToLong(GuestSession::held).sum();
    long mostHeld = held < outputBudget ? AgentSession.BUFFER_BYTES : SCARCE_BUFFER_BYTES;
    watched.forEach(session -> session.watch(poller, mostHeld));
    boolean timed = endingNanos != null || watched.stream().anyMatch(GuestSession::draining);
    poller.await(timed ? TICK_MILLIS : FOREVER);

    long now = System.nanoTime();
    watched.forEach(session -> session.tick(now));
    for (Runnable message = inbox.poll(); message != null; message = inbox.poll()) {
      message.run();
    }
    watched.forEach(session -> session.act(poller, buffer));
    sessions.values().forEach(GuestSession::send);
  }

  private void take(Attachment attachment, Request request) {
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
          case Request.Attach(String id, String meant, long _) -> admissions.admitAttach(id, meant);
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
    launcher.launch(request.process(), launch -> post(() -> launched(request, launch)));
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
    if (endingNanos != null) {
      session.signal(Signals.TERM);
    }
    if (begun.attachment != null) {
      attach(begun.attachment, session, 0);
    }
  }

  private void adopt(Attachment attachment, Request.Opening opening) {
    long from =
        switch (opening) {
          case Request.Start _ -> 0;
          case Request.Attach attach -> attach.from();
        };
    attach(attachment, Objects.requireNonNull(sessions.get(opening.id())), from);
  }

  private static void attach(Attachment attachment, GuestSession session, long from) {
    session
        .attach(attachment, from)
        .ifPresent(why -> attachment.refused(RefusalReason.INVALID_INPUT, why));
  }

  private void broken(Attachment attachment, String message) {
    if (sessionOf(attachment).isPresent()) {
      leave(attachment);
      attachment.broken(message);
    } else {
      attachment.refused(RefusalReason.INVALID_INPUT, message);
    }
  }

  private void leave(Attachment attachment) {
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

  private boolean ended() {
    if (endingNanos == null) {
      return false;
    }
    Duration ending = Duration.ofNanos(System.nanoTime() - endingNanos);
    if (ending.compareTo(TERMINATION_GRACE) > 0) {
      signalAll(Signals.KILL);
    }
    boolean quiet =
        starting.isEmpty() && sessions.values().stream().noneMatch(GuestSession::processLives);
    return quiet || ending.compareTo(TERMINATION_GRACE.plus(KILL_GRACE)) > 0;
  }

  private void signalAll(int number) {
    sessions.values().forEach(session -> session.signal(number));
  }

  /** Ends every process group, by TERM and after 2 s by KILL, and waits for that. */
  public void stop() throws InterruptedException {
    post(() -> {
      endingNanos = System.nanoTime();
      signalAll(Signals.TERM);
    });
    join();
  }

  /** Waits for the loop's end, which is that of all its sessions. */
  public void join() throws InterruptedException {
    thread.join();
  }
}
