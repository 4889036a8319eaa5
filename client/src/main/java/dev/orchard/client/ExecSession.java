package dev.orchard.client;

import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.ClientSession;
import dev.orchard.exec.session.ClientSession.Reaction;
import dev.orchard.exec.session.Outcome;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A session that is followed to its end over every break: each byte of output once and in order,
 * each byte of input once, the outcome only where lengths and digests agree.
 *
 * <p>One thread owns all state and reads one inbox; the threads of the socket, of the listener and
 * of whoever calls only fill it. All methods may be called by any thread, and none but {@link
 * #stdin}'s and {@link #await} waits for the session.
 */
public final class ExecSession implements AutoCloseable {
  /** In place of an offset: what is written from now on. Behind the end of every log. */
  public static final long END = 1L << 53;

  private static final long TICK_MILLIS = 1_000;

  /** How long the other end may take to hear our last words. */
  private static final Duration GOODBYE = Duration.ofSeconds(5);

  /**
   * How a session is followed.
   *
   * @param session as its user names it
   * @param from offset of the first byte of output to deliver, or {@link #END}
   * @param writes whether its connections are for frames to it too, or only for reading
   * @param stdin whether it takes a standard input, and from here
   * @param tty its terminal's size, if it runs on one: what is typed while disconnected is not sent
   *     later
   * @param servers that connections are tried at in turn, each as good as the other
   */
  public record Terms(
      String session,
      long from,
      boolean writes,
      boolean stdin,
      Optional<WindowSize> tty,
      int servers) {}

  private final Terms terms;
  private final SessionListener listener;
  private final LongSupplier nanos;
  private final BlockingQueue<Event> inbox = new LinkedBlockingQueue<>();
  private final CompletableFuture<Outcome> result = new CompletableFuture<>();
  private final SessionStdin input = new SessionStdin(inbox::add);
  private final Delivery delivery = new Delivery(inbox::add);
  private final Outbox outbox = new Outbox(this::nextInput);
  private final Hop hop;
  private final Thread thread;

  private ClientSession session;
  private boolean started;
  private boolean inputOpen;
  private long offered;
  private boolean leaving;
  private long leavingSince;
  private boolean goodbyeSaid;
  private @Nullable Outcome undelivered;
  private boolean ending;
  private boolean over;
  private volatile boolean connected;

  private ExecSession(
      Terms terms,
      SessionOpener opener,
      SessionListener listener,
      RandomGenerator random,
      LongSupplier nanos) {
    this.terms = terms;
    this.listener = listener;
    this.nanos = nanos;
    this.session = client(terms.from());
    terms.tty().ifPresent(outbox::created);
    Connector connector = new Connector(terms.session(), opener, inbox::add);
    this.hop = new Hop(connector, outbox, random, terms.servers(), nanos);
    this.thread = Thread.ofVirtual().name("session-" + terms.session()).unstarted(this::run);
  }

  /** Begins to follow one that is there. */
  public static ExecSession follow(
      Terms terms, SessionOpener opener, SessionListener listener, RandomGenerator random) {
    ExecSession session = new ExecSession(terms, opener, listener, random, System::nanoTime);
    session.delivery.start();
    session.thread.start();
    return session;
  }

  private ClientSession client(long from) {
    return new ClientSession(terms.stdin(), terms.tty().isPresent(), from);
  }

  private Optional<Frame.Stdin> nextInput() {
    return session.next();
  }

  /**
   * For the command's standard input; at most 256 KiB are on their way unacknowledged, and a write
   * waits for room. By one thread. A write throws once the session is over; closing it is the end
   * of the input.
   *
   * @throws IllegalStateException where it is followed without one
   */
  public OutputStream stdin() {
    if (!terms.stdin()) {
      throw new IllegalStateException("session " + terms.session() + " is followed without stdin");
    }
    return input;
  }

  /** Waits until 24,000 bytes of stdin can be written at once; false when the session is over. */
  public boolean awaitStdinRoom() throws InterruptedException {
    return input.awaitRoom();
  }

  /**
   * The terminal has another size.
   *
   * @throws IllegalStateException where it is only read
   */
  public void resize(WindowSize size) {
    checkWrites();
    inbox.add(new Event.Resized(size));
  }

  /**
   * Sends a signal to the command's process group, on the next connection where there is none now.
   *
   * @param name without SIG, as in {@code TERM}
   * @throws IllegalStateException where it is only read: {@link OrchardClient#signal} can do it
   */
  public void signal(String name) {
    checkWrites();
    inbox.add(new Event.Signalled(new Frame.Signal(name)));
  }

  /**
   * Says that the command is to run on without us, behind all that was written before.
   *
   * @throws IllegalStateException where it is only read
   */
  public void detach() {
    checkWrites();
    inbox.add(new Event.Detached());
  }

  private void checkWrites() {
    if (!terms.writes()) {
      throw new IllegalStateException("session " + terms.session() + " is only read here");
    }
  }

  /**
   * Leaves when the signals and the farewell of before are sent, or after 5 s; at once where there
   * is no connection. Does not wait.
   */
  public void leave() {
    inbox.add(new Event.Leave());
  }

  /** Whether there is a connection just now. */
  public boolean isConnected() {
    return connected;
  }

  /** Waits until the outcome is known or given up, and the listener has everything. */
  public Outcome await() throws InterruptedException {
    while (!result.isDone()) {
      thread.join();
    }
    return result.join();
  }

  /** Leaves at once; the session itself goes on as its disconnect policy says. */
  @Override
  public void close() {
    inbox.add(new Event.Close());
    try {
      thread.join(GOODBYE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      hop.open(terms.from());
      while (!over) {
        Event event = inbox.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
        if (event != null) {
          handle(event);
        }
        if (leaving) {
          sayGoodbye();
        } else if (session.outcome().isEmpty()) {
          tend();
        }
        connected = hop.isConnected();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      var _ = session.abandon("a defect of the client: " + e);
      throw e;
    } finally {
      hop.close();
      dropUnused();
      input.end();
      delivery.abandon();
      Outcome outcome = session.abandon("the session was left");
      result.complete(undelivered == null ? outcome : undelivered);
    }
  }

  /** A connection that came too late to be looked at is open all the same. */
  private void dropUnused() {
    for (Event event = inbox.poll(); event != null; event = inbox.poll()) {
      if (event instanceof Event.Connected(int _, SessionStream late)) {
        late.abort();
      }
    }
  }

  private void handle(Event event) {
    switch (event) {
      case Event.Connected(int number, SessionStream socket) -> {
        if (hop.isCurrent(number)) {
          hop.connected(socket);
        } else {
          socket.abort();
        }
      }
      case Event.NotConnected(
              int number,
              String why,
              boolean passing,
              Optional<Duration> retryAfter) -> {
        if (passing) {
          lost(number, why, retryAfter);
        } else if (hop.isCurrent(number)) {
          abandon(why);
        }
      }
      case Event.Received(int number, Frame.Out frame) -> {
        if (hop.isCurrent(number) && isFollowed()) {
          received(number, frame);
        } else if (leaving) {
          hop.consumed().run();
        }
      }
      case Event.Sent(int number) -> {
        if (hop.isCurrent(number)) {
          outbox.sent();
        }
      }
      case Event.Closed(int number, String why) -> lost(number, why, Optional.empty());
      case Event.Finished(int number) -> {
        if (hop.isCurrent(number)) {
          delivery.add(listener::caughtUp);
          abandon("its output was read, but not to its end");
        }
      }
      case Event.Broken(int number, String why) -> {
        if (hop.isCurrent(number)) {
          abandon("the controller sent no valid frame: " + why);
        }
      }
      case Event.Input input -> {
        offered += input.data().size();
        session.stdin(input.data(), input.eof());
      }
      case Event.Resized(WindowSize size) -> outbox.resize(size);
      case Event.Signalled(Frame.Signal signal) -> outbox.signal(signal);
      case Event.Detached() -> outbox.detach();
      case Event.Leave() -> {
        if (!leaving) {
          leaving = true;
          leavingSince = nanos.getAsLong();
        }
      }
      case Event.Undelivered(Throwable failure) -> {
        undelivered = new Outcome.Unknown("what came could not be delivered: " + failure);
        over = true;
      }
      case Event.Delivered(), Event.Close() -> over = true;
    }
  }

  private boolean isFollowed() {
    return !leaving && session.outcome().isEmpty();
  }

  private void received(int number, Frame.Out frame) {
    if (frame instanceof Frame.Failure failure
        && failure.code() == ErrorCode.OFFSET_AHEAD_OF_LOG
        && session.resumeFrom() == END) {
      session = client(failure.end());
      hop.reopen(failure.end(), Optional.empty());
      return;
    }
    long before = session.resumeFrom();
    Reaction reaction = session.received(frame);
    hop.heard(!(frame instanceof Frame.Failure));
    note(frame);
    if (reaction instanceof Reaction.Deliver deliver) {
      delivery.add(() -> listener.output(deliver.stream(), before, deliver.data()), hop.consumed());
    } else {
      hop.consumed().run();
    }
    switch (reaction) {
      case Reaction.Nothing(), Reaction.Deliver _ -> {}
      case Reaction.TellGap(long from, long to) -> delivery.add(() -> listener.gap(from, to));
      case Reaction.Reconnect(String why) -> lost(number, why, Optional.empty());
      case Reaction.End(Outcome outcome) -> {
        if (frame instanceof Frame.Failure failure) {
          delivery.add(() -> listener.failed(failure));
        }
        end(outcome);
      }
    }
  }

  private void note(Frame.Out frame) {
    switch (frame) {
      case Frame.Started first -> {
        hop.ticket(first.ticket());
        if (!started) {
          started = true;
          delivery.add(() -> listener.started(first));
        }
      }
      case Frame.Heartbeat(String ticket) -> hop.ticket(ticket);
      // What is written while it is not known where the end is would go to a session that is
      // given up.
      case Frame.Ack ack when session.resumeFrom() != END -> {
        session.connected();
        if (terms.stdin() && !inputOpen) {
          inputOpen = true;
          delivery.add(listener::ready);
        }
      }
      default -> {}
    }
  }

  private void lost(int number, String why, Optional<Duration> retryAfter) {
    if (!hop.isCurrent(number)) {
      return;
    }
    if (!isFollowed()) {
      hop.drop();
      return;
    }
    session.disconnected();
    if (hop.isHopeless()) {
      abandon("no connection for %d minutes: %s".formatted(Hop.PATIENCE.toMinutes(), why));
      return;
    }
    if (hop.isWhole()) {
      delivery.add(() -> listener.interrupted(why));
    }
    hop.reopen(session.resumeFrom(), retryAfter);
  }

  private void tend() {
    if (inputOpen) {
      input.allow(offered + session.stdinRoom());
    }
    if (!hop.tend(delivery.isIdle())) {
      lost(hop.number(), "nothing came for a long time", Optional.empty());
    }
  }

  /** Sees to it that the last signal arrives: a socket that is just dropped may take it along. */
  private void sayGoodbye() {
    hop.tend(false);
    if (outbox.isQuiet() && !goodbyeSaid) {
      goodbyeSaid = true;
      hop.close();
      hop.consumed().run();
    }
    if (!hop.isConnected() || nanos.getAsLong() - leavingSince > GOODBYE.toNanos()) {
      over = true;
    }
  }

  private void abandon(String why) {
    end(session.abandon(why));
  }

  private void end(Outcome outcome) {
    if (!ending) {
      ending = true;
      delivery.finish(() -> listener.ended(outcome));
    }
  }
}
