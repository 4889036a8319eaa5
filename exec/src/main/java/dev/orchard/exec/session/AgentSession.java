package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A session inside the guest. It gives every byte of output its offset when it is read, holds what
 * the worker has not stored, and takes stdin exactly once by offset.
 *
 * <p>A process goes from running to ended ({@link #ended}), then its pipes are drained, then it is
 * complete: the exit is known and goes out behind the last byte of output. Complete absorbs.
 *
 * <p>Events are methods; what there is to send is pulled by {@link #next} whenever the carriage is
 * ready for a frame. Owned by one thread.
 */
public final class AgentSession {
  /** Output held until the worker has stored it; beyond it the process waits. DESIGN's room. */
  public static final int BUFFER_BYTES = 1 << 20;

  /** Stdin that may be on its way: received but not taken by the process' pipe. */
  public static final int STDIN_WINDOW = 256 << 10;

  /** How long pipes are drained after the process has ended, our own back-pressure not counted. */
  public static final Duration DRAIN = Duration.ofSeconds(5);

  private final long pid;
  private final boolean spawned;
  private final Deque<Frame.Output> sent = new ArrayDeque<>();
  private final Deque<Frame.Output> unsent = new ArrayDeque<>();
  private final Set<StdStream> open = EnumSet.noneOf(StdStream.class);
  private final StreamTotals totals = new StreamTotals();
  private final StdinQueue stdin;
  private final Deque<Frame.Failure> failures = new ArrayDeque<>();

  private long stored;
  private boolean attached;
  private boolean startedSent;
  private boolean exitSent;
  private boolean exitStored;
  private long ackSent;
  private @Nullable Ended ended;
  private boolean drainExpired;
  private Duration drained = Duration.ZERO;
  private Frame.@Nullable Exit exit;

  private record Ended(@Nullable Integer code, @Nullable String signal, Duration duration) {}

  private AgentSession(long pid, boolean spawned, boolean hasStdin) {
    this.pid = pid;
    this.spawned = spawned;
    this.stdin = new StdinQueue(hasStdin);
  }

  /**
   * A process that was spawned.
   *
   * @param streams the streams the process writes to: both, or stdout alone on a TTY
   */
  public static AgentSession running(long pid, boolean hasStdin, Set<StdStream> streams) {
    AgentSession session = new AgentSession(pid, true, hasStdin);
    session.open.addAll(streams);
    return session;
  }

  /**
   * A process that could not be spawned.
   *
   * @param code 126 or 127
   */
  public static AgentSession notStarted(int code, String message) {
    AgentSession session = new AgentSession(0, false, false);
    session.exit = Frame.Exit.withoutProcess(code, ExitReason.START_FAILED, message);
    return session;
  }

  /**
   * A stream of the worker takes this session over.
   *
   * @param from everything before it is stored by the worker
   * @param dropStdin forgets stdin that the pipe has not taken, an end behind it included
   * @return why not, where that cannot be
   */
  public Optional<String> attach(long from, boolean dropStdin) {
    if (from > totals.end()) {
      return Optional.of("output ends at " + totals.end() + ", before " + from);
    }
    if (from < stored) {
      return Optional.of("output before " + stored + " was stored and is not held any more");
    }
    while (!sent.isEmpty()) {
      unsent.addFirst(sent.removeLast());
    }
    stored(from);
    attached = true;
    startedSent = false;
    exitSent = false;
    failures.clear();
    if (dropStdin) {
      stdin.drop();
    }
    ackSent = stdin.taken();
    return Optional.empty();
  }

  public void detach() {
    attached = false;
  }

  /** The worker has everything before {@code offset}. */
  public void stored(long offset) {
    if (offset > totals.end()) {
      return;
    }
    stored = Math.max(stored, offset);
    dropBefore(sent, stored);
    dropBefore(unsent, stored);
  }

  private static void dropBefore(Deque<Frame.Output> chunks, long offset) {
    while (!chunks.isEmpty() && chunks.getFirst().end() <= offset) {
      chunks.removeFirst();
    }
    if (!chunks.isEmpty() && chunks.getFirst().offset() < offset) {
      Frame.Output first = chunks.removeFirst();
      int known = (int) (offset - first.offset());
      chunks.addFirst(new Frame.Output(first.stream(), offset, first.data().substring(known)));
    }
  }

  /** The worker has the outcome: nothing of this session is needed any more. */
  public void exitStored() {
    exitStored = exit != null;
  }

  public boolean forgettable() {
    return exitStored;
  }

  /** Bytes read from the process. At most {@link Frame#MAX_DATA}. */
  public void read(StdStream stream, ByteString data) {
    if (exit != null || data.isEmpty()) {
      return;
    }
    unsent.addLast(new Frame.Output(stream, totals.end(), data));
    totals.add(stream, data);
  }

  /** The process' end of a stream is closed. */
  public void readEnd(StdStream stream) {
    open.remove(stream);
    completeIfDrained();
  }

  /** Whether the process' output may be read now. */
  public boolean wantsOutput() {
    return exit == null && totals.end() - stored < BUFFER_BYTES;
  }

  /**
   * The process itself has ended; a background child may hold its pipes.
   *
   * @param code exit status, absent where a signal ended it
   * @param signal its name without SIG
   */
  public void ended(@Nullable Integer code, @Nullable String signal, Duration duration) {
    if (ended == null && exit == null) {
      ended = new Ended(code, signal, duration);
      completeIfDrained();
    }
  }

  /** Time passed: counts against the drain while nothing of ours holds the pipes back. */
  public void elapsed(Duration time) {
    if (ended == null || exit != null || !wantsOutput()) {
      return;
    }
    drained = drained.plus(time);
    if (drained.compareTo(DRAIN) >= 0) {
      drainExpired = true;
      completeIfDrained();
    }
  }

  private void completeIfDrained() {
    Ended end = ended;
    if (end == null || exit != null || (!open.isEmpty() && !drainExpired)) {
      return;
    }
    exit =
        new Frame.Exit(
            end.code(),
            end.signal(),
            end.signal() == null ? ExitReason.EXITED : ExitReason.SIGNALED,
            totals.bytes(StdStream.STDOUT),
            totals.bytes(StdStream.STDERR),
            totals.sha256(StdStream.STDOUT),
            totals.sha256(StdStream.STDERR),
            !open.isEmpty(),
            end.duration(),
            null);
  }

  /** The exit is known: the process' pipes can be closed. */
  public boolean completed() {
    return exit != null;
  }

  /** The process itself has ended, though its pipes may still be drained. */
  public boolean processEnded() {
    return ended != null || exit != null;
  }

  /** Takes stdin that the worker sent; duplicates by offset are dropped. */
  public void stdin(Frame.Stdin frame) {
    stdin.offer(frame).ifPresent(failures::addLast);
  }

  /** What the process' stdin should take next; empty while there is nothing. */
  public ByteString stdinToWrite() {
    return stdin.head();
  }

  /** The pipe took this many bytes of {@link #stdinToWrite}. */
  public void stdinTaken(int bytes) {
    stdin.taken(bytes);
  }

  /** Everything up to the promised end was taken: the pipe is to be closed. */
  public boolean stdinAtEnd() {
    return stdin.atEnd();
  }

  /** Nobody reads stdin any more: what comes is thrown away, as a closed pipe would. */
  public void stdinBroken() {
    stdin.discard();
  }

  /** The offset of stdin up to which the process' pipe has taken it. */
  public long stdinOffset() {
    return stdin.taken();
  }

  /** The offset of stdin up to which it was received. */
  public long stdinReceived() {
    return stdin.received();
  }

  /** The next frame for the attached worker, or empty while there is none. */
  public Optional<Frame.Out> next() {
    if (!attached) {
      return Optional.empty();
    }
    if (spawned && !startedSent) {
      startedSent = true;
      return Optional.of(new Frame.Started("", pid, "", ""));
    }
    if (!failures.isEmpty()) {
      return Optional.of(failures.removeFirst());
    }
    if (ackSent != stdin.taken()) {
      ackSent = stdin.taken();
      return Optional.of(new Frame.Ack(ackSent));
    }
    if (!unsent.isEmpty()) {
      Frame.Output chunk = unsent.removeFirst();
      sent.addLast(chunk);
      return Optional.of(chunk);
    }
    if (exit != null && !exitSent) {
      exitSent = true;
      return Optional.of(exit);
    }
    return Optional.empty();
  }
}
