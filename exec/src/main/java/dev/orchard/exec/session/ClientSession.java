package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A session at its client: resumes by offset on every new connection, delivers each byte once and
 * in order, keeps stdin until it is acknowledged, and knows the outcome only when lengths and
 * digests agree.
 *
 * <p>Events are methods; what there is to send is pulled by {@link #next}. Owned by one thread.
 */
public final class ClientSession {
  private final boolean tty;
  private final StreamTotals totals = new StreamTotals();
  private final StdinSender stdin;

  private boolean connected;
  private Frame.@Nullable Started begun;
  private boolean stdinBegun;
  private boolean missing;
  private long skipped;
  private @Nullable Outcome outcome;

  /**
   * A session of which nothing was received yet.
   *
   * @param hasStdin whether the session was started with a stdin
   * @param tty what is typed while disconnected is not sent later
   */
  public ClientSession(boolean hasStdin, boolean tty) {
    this(hasStdin, tty, 0);
  }

  /**
   * One that is read from an offset on; what lies before it is not missed.
   *
   * @param hasStdin whether the session was started with a stdin
   * @param tty what is typed while disconnected is not sent later
   * @param from not negative; other than 0, only lengths are checked at the end
   */
  public ClientSession(boolean hasStdin, boolean tty, long from) {
    this.tty = tty;
    this.stdin = new StdinSender(hasStdin);
    this.skipped = from;
    this.missing = from > 0;
  }

  /** What the driver has to do about a frame. */
  public sealed interface Reaction {
    record Nothing() implements Reaction {}

    record Deliver(StdStream stream, ByteString data) implements Reaction {}

    /** Output between the two offsets is gone for good; it went on at {@code to}. */
    record TellGap(long from, long to) implements Reaction {}

    /** This connection is of no more use; another one may be. */
    record Reconnect(String why) implements Reaction {}

    record End(Outcome outcome) implements Reaction {}
  }

  /** Where the next connection is to resume. */
  public long resumeFrom() {
    return totals.end() + skipped;
  }

  public void connected() {
    connected = true;
  }

  public void disconnected() {
    connected = false;
    stdin.disconnected();
    if (tty) {
      stdin.drop();
    }
  }

  public Reaction received(Frame.Out frame) {
    Outcome known = outcome;
    if (known != null) {
      return new Reaction.End(known);
    }
    return switch (frame) {
      case Frame.Started started -> began(started);
      case Frame.Heartbeat heartbeat -> new Reaction.Nothing();
      case Frame.Ack(long stdinOffset) -> acknowledged(stdinOffset);
      case Frame.Output output -> output(output);
      case Frame.Gap(long from, long to) -> gap(from, to);
      case Frame.Exit exit -> end(judge(exit));
      case Frame.Failure failure -> failure(failure);
    };
  }

  /** A name may be given again, to a session whose offsets mean something else. */
  private Reaction began(Frame.Started started) {
    Frame.Started before = begun;
    begun = started;
    boolean same =
        before == null
            || (before.session().equals(started.session())
                && before.pid() == started.pid()
                && before.bootId().equals(started.bootId()));
    return same
        ? new Reaction.Nothing()
        : end(new Outcome.Unknown("another session has the name " + started.session() + " now"));
  }

  private Reaction acknowledged(long stdinOffset) {
    if (!stdin.offsetKnown()) {
      if (stdinBegun && !tty && stdinOffset > stdin.received()) {
        return end(new Outcome.Unknown("another client has written to the session's stdin"));
      }
      stdinBegun = true;
      stdin.resume(stdinOffset);
    } else if (!stdin.acknowledged(stdinOffset)) {
      return new Reaction.Reconnect("stdin was acknowledged up to " + stdinOffset + ", unsent");
    }
    return new Reaction.Nothing();
  }

  private Reaction output(Frame.Output output) {
    if (output.offset() > resumeFrom()) {
      return new Reaction.Reconnect(
          "output went on at " + output.offset() + " instead of " + resumeFrom());
    }
    if (output.end() <= resumeFrom()) {
      return new Reaction.Nothing();
    }
    ByteString fresh = output.data().substring((int) (resumeFrom() - output.offset()));
    totals.add(output.stream(), fresh);
    return new Reaction.Deliver(output.stream(), fresh);
  }

  private Reaction gap(long from, long to) {
    long lostFrom = Math.max(from, resumeFrom());
    if (from > resumeFrom() || to <= lostFrom) {
      return new Reaction.Nothing();
    }
    missing = true;
    skipped += to - lostFrom;
    return new Reaction.TellGap(lostFrom, to);
  }

  private Outcome judge(Frame.Exit exit) {
    long promised = exit.stdoutBytes() + exit.stderrBytes();
    if (resumeFrom() != promised) {
      return new Outcome.Unknown("output ended at " + resumeFrom() + " of " + promised + " bytes");
    }
    boolean complete =
        missing
            || (agrees(StdStream.STDOUT, exit.stdoutBytes(), exit.stdoutSha256())
                && agrees(StdStream.STDERR, exit.stderrBytes(), exit.stderrSha256()));
    return complete
        ? new Outcome.Known(exit)
        : new Outcome.Unknown("what arrived is not what the command wrote: the digests differ");
  }

  private boolean agrees(StdStream stream, long bytes, @Nullable ByteString sha256) {
    return totals.bytes(stream) == bytes
        && (sha256 == null || totals.sha256(stream).equals(sha256));
  }

  private Reaction failure(Frame.Failure failure) {
    return switch (failure.code()) {
      // Whoever is forbidden to go on is told why by the refusal of the next connection.
      case WORKER_UNREACHABLE, DRAINING, SLOW_READER, INTERNAL, STDIN_OFFSET_GAP, FORBIDDEN ->
          new Reaction.Reconnect(failure.message());
      case INVALID_FRAME, OFFSET_AHEAD_OF_LOG, NOT_WRITER, SESSION_GONE, LIMIT_EXCEEDED ->
          end(new Outcome.Unknown(failure.message()));
    };
  }

  private Reaction end(Outcome how) {
    outcome = how;
    return new Reaction.End(how);
  }

  /** How much more of local stdin may be read now; 0 while the window is full. */
  public int stdinRoom() {
    return stdin.room();
  }

  /** Typed or piped input, at most {@link #stdinRoom} bytes; empty with {@code eof} only. */
  public void stdin(ByteString data, boolean eof) {
    if (tty && !connected) {
      return;
    }
    stdin.offer(new Frame.Stdin(stdin.received(), data, eof));
  }

  /** The next frame to send on this connection, or empty while there is none. */
  public Optional<Frame.Stdin> next() {
    return outcome == null ? stdin.next() : Optional.empty();
  }

  /** Empty while the session goes on. */
  public Optional<Outcome> outcome() {
    return Optional.ofNullable(outcome);
  }

  /**
   * Reconnecting was given up.
   *
   * @return the outcome, which is unknown unless it was known before
   */
  public Outcome abandon(String why) {
    Outcome known = outcome;
    if (known == null) {
      known = new Outcome.Unknown(why);
      outcome = known;
    }
    return known;
  }
}
