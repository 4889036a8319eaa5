package dev.orchard.agent.session;

import dev.orchard.agent.process.Poller;
import dev.orchard.agent.process.ProcessLauncher;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.AgentSession;
import dev.orchard.exec.session.AgentSessions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that owns every session: it waits with poll(2) for all their pipes, terminals and
 * processes at a time, and never for one of them alone.
 *
 * <p>A round is: wait; count the time that passed; take what other threads have sent; move bytes;
 * send frames; collect orphans. What others send is bounded by them: an attachment has one request
 * on its way at most, and sessions are counted.
 */
public final class SessionLoop {
  /** From TERM to KILL for what still runs when the agent ends. */
  private static final Duration TERMINATION_GRACE = Duration.ofSeconds(2);

  /** From KILL to the loop's end, should a process not die of it. */
  private static final Duration KILL_GRACE = Duration.ofSeconds(1);

  /** How long an adopted process that has ended may wait to be collected where nothing happens. */
  private static final int IDLE_MILLIS = 10_000;

  /** Steps in which time is counted while a process that has ended is drained. */
  private static final int TICK_MILLIS = 50;

  /** stdin, stdout, stderr and the process itself. */
  private static final int DESCRIPTORS_PER_SESSION = 4;

  /** What a session may still hold when the budget is used up, so that each goes on. */
  private static final int SCARCE_BUFFER_BYTES = Frame.MAX_DATA;

  private final String instance;
  private final long outputBudget;
  private final SessionTable table;
  private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
  private final Poller poller = new Poller(AgentSessions.MAX_SESSIONS * DESCRIPTORS_PER_SESSION);
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Frame.MAX_DATA);
  private final Thread thread;

  /** When the end was asked for; absent until then. */
  private @Nullable Long endingNanos;

  private SessionLoop(String instance, ProcessLauncher launcher, long outputBudget) {
    this.instance = instance;
    this.outputBudget = outputBudget;
    this.table = new SessionTable(instance, launcher, this::post);
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
    post(() -> table.take(attachment, request));
  }

  /** A request has come that the schema does not allow. Any thread. */
  void invalid(Attachment attachment, String message) {
    post(() -> table.broken(attachment, message));
  }

  /** An attachment can take frames again: the next round sends them. Any thread. */
  void ready() {
    poller.wake();
  }

  /** No request will come any more, though what is left to send is wanted. Any thread. */
  void inputClosed(Attachment attachment) {
    post(() -> table.inputClosed(attachment));
  }

  /** The worker has left the attachment. Any thread. */
  void left(Attachment attachment) {
    post(() -> table.leave(attachment));
  }

  /** Tells the ids of all sessions, on the loop's thread. Any thread may ask. */
  void list(Consumer<List<String>> then) {
    post(() -> then.accept(table.ids()));
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
      table.kill();
      poller.close();
    }
  }

  private void round() {
    poller.clear();
    List<GuestSession> watched = List.copyOf(table.sessions());
    long held = watched.stream().mapToLong(GuestSession::held).sum();
    long mostHeld = held < outputBudget ? AgentSession.BUFFER_BYTES : SCARCE_BUFFER_BYTES;
    watched.forEach(session -> session.watch(poller, mostHeld));
    boolean timed = endingNanos != null || watched.stream().anyMatch(GuestSession::draining);
    poller.await(timed ? TICK_MILLIS : IDLE_MILLIS);

    long now = System.nanoTime();
    watched.forEach(session -> session.tick(now));
    for (Runnable message = inbox.poll(); message != null; message = inbox.poll()) {
      message.run();
    }
    watched.forEach(session -> session.act(poller, buffer));
    table.sessions().forEach(GuestSession::send);
    table.collectOrphans();
  }

  private boolean ended() {
    if (endingNanos == null) {
      return false;
    }
    Duration ending = Duration.ofNanos(System.nanoTime() - endingNanos);
    if (ending.compareTo(TERMINATION_GRACE) > 0) {
      table.kill();
    }
    return table.quiet() || ending.compareTo(TERMINATION_GRACE.plus(KILL_GRACE)) > 0;
  }

  /** Ends every process group, by TERM and after 2 s by KILL, and waits for that. */
  public void stop() throws InterruptedException {
    post(() -> {
      endingNanos = System.nanoTime();
      table.terminate();
    });
    join();
  }

  /** Waits for the loop's end, which is that of all its sessions. */
  public void join() throws InterruptedException {
    thread.join();
  }
}
