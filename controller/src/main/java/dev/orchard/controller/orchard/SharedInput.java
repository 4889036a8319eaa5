package dev.orchard.controller.orchard;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.Sessions;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Stdin of a named session, which all its clients on this replica may write: their messages in the
 * order in which they came, through one attachment that holds the right to write. What was not
 * acknowledged is sent again over the next attachment; the worker drops what comes twice.
 */
final class SharedInput implements AutoCloseable {
  private static final Duration POLL = Duration.ofSeconds(1);

  private final Sessions sessions;
  private final VMExec exec;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Deque<Frame.Stdin> sent = new ArrayDeque<>();

  @GuardedBy("lock")
  private final Deque<Frame.Stdin> waiting = new ArrayDeque<>();

  @GuardedBy("lock")
  private @Nullable FrameStream stream;

  /** Offset behind what clients have sent; negative: not known yet. */
  @GuardedBy("lock")
  private long end = -1;

  /** The end of stdin was sent. */
  private volatile boolean ended;

  /** The session takes no input any more. */
  @GuardedBy("lock")
  private boolean over;

  /** Whether the present attachment has told what the process has taken. */
  @GuardedBy("lock")
  private boolean told;

  SharedInput(Sessions sessions, VMExec exec) {
    this.sessions = sessions;
    this.exec = exec;
  }

  boolean hasEnded() {
    return ended;
  }

  /**
   * Returns once the session has room for it, or does not care any more.
   *
   * @param data empty: the end
   * @param gone whether the client that sent it has gone
   */
  void write(ByteString data, BooleanSupplier gone) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      awaitOpen(gone);
      // What others have left goes first: one message waits here, however many come and go.
      flush(gone);
      if (over || ended || end < 0 || gone.getAsBoolean()) {
        return;
      }
      for (Frame.In frame : PlainCodec.frames(end, data)) {
        waiting.add((Frame.Stdin) frame);
      }
      end += data.size();
      flush(gone);
      ended |= data.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void flush(BooleanSupplier gone) throws InterruptedException {
    while (!waiting.isEmpty() && !over && !gone.getAsBoolean()) {
      awaitOpen(gone);
      FrameStream open = stream;
      if (open != null && hear(open, Duration.ZERO) && open.send(waiting.getFirst(), POLL)) {
        sent.add(waiting.removeFirst());
      }
    }
  }

  /** Until the session has told what the process has taken. */
  @GuardedBy("lock")
  private void awaitOpen(BooleanSupplier gone) throws InterruptedException {
    while ((stream == null || !told) && !over && !gone.getAsBoolean()) {
      if (stream == null) {
        open();
      } else {
        var _ = hear(stream, POLL);
      }
    }
  }

  /** Attaches, or waits a while if that is not possible now. */
  @GuardedBy("lock")
  private void open() throws InterruptedException {
    try {
      stream = sessions.attach(exec, AttachOptions.writer(true));
      told = false;
      while (!sent.isEmpty()) {
        waiting.addFirst(sent.removeLast());
      }
    } catch (ApiException e) {
      if (e.status() == 503) {
        Thread.sleep(POLL);
      } else {
        over = true;
      }
    }
  }

  /** Takes what the session says of its input; false if that was the last. */
  @GuardedBy("lock")
  private boolean hear(FrameStream open, Duration patience) throws InterruptedException {
    Duration longest = patience;
    while (true) {
      switch (open.next(longest)) {
        case FrameStream.Next.Nothing() -> {
          return true;
        }
        case FrameStream.Next.Over() -> {
          over = true;
          return false;
        }
        case FrameStream.Next.Arrived(Frame.Ack(long taken)) -> {
          open.done();
          acknowledged(taken);
        }
        case FrameStream.Next.Arrived(Frame.Failure failure) -> {
          open.close();
          stream = null;
          over =
              failure.code() == ErrorCode.SESSION_GONE || failure.code() == ErrorCode.INVALID_FRAME;
          return false;
        }
        case FrameStream.Next.Arrived(Frame.Exit _) -> {
          over = true;
          return false;
        }
        case FrameStream.Next.Arrived _ -> open.done();
      }
      longest = Duration.ZERO;
    }
  }

  @GuardedBy("lock")
  private void acknowledged(long taken) {
    end = Math.max(end, taken);
    Deque<Frame.Stdin> first = told ? sent : waiting;
    first.removeIf(frame -> frame.end() <= taken && !frame.eof());
    told = true;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (stream != null) {
        stream.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
