package dev.orchard.agent.session;

import com.google.protobuf.ByteString;
import dev.orchard.agent.process.ChildProcess;
import dev.orchard.agent.process.Launch;
import dev.orchard.agent.process.Poller;
import dev.orchard.agent.process.Signals;
import dev.orchard.agent.process.TerminalSize;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.AgentSession;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A session with its process and the attachment that has it now. Each round of the loop it says
 * what to wait for ({@link #watch}), moves the bytes that can be moved ({@link #act}) and sends the
 * frames that can be sent ({@link #send}).
 */
final class GuestSession {
  private static final int NOT_WATCHED = -1;

  private final String id;
  private final AgentSession core;
  private final @Nullable ChildProcess process;
  private final long startNanos = System.nanoTime();
  private final Map<StdStream, Integer> outputSlots = new EnumMap<>(StdStream.class);
  private int exitSlot = NOT_WATCHED;
  private boolean heldBack;
  private long drainedUntilNanos;
  private long outputEnd;
  private long outputStored;
  private boolean stdinEnded;
  private boolean exitSent;
  private @Nullable Attachment attachment;

  private GuestSession(String id, AgentSession core, @Nullable ChildProcess process) {
    this.id = id;
    this.core = core;
    this.process = process;
  }

  static GuestSession of(String id, Launch launch, boolean hasStdin) {
    return switch (launch) {
      case Launch.Running(ChildProcess process) -> {
        Set<StdStream> streams =
            process.terminal() ? EnumSet.of(StdStream.STDOUT) : EnumSet.allOf(StdStream.class);
        yield new GuestSession(id, AgentSession.running(process.pid(), hasStdin, streams), process);
      }
      case Launch.Failed(int code, String message) ->
          new GuestSession(id, AgentSession.notStarted(code, message), null);
    };
  }

  String id() {
    return id;
  }

  AgentSession core() {
    return core;
  }

  /** The process itself lives, so that signals reach its group. */
  boolean processLives() {
    return process != null && !core.processEnded();
  }

  /** The process of this id is this session's to collect. */
  boolean awaits(int pid) {
    return process != null && process.pid() == pid && process.pidfd() >= 0;
  }

  /** Time counts now: see {@link AgentSession#elapsed}. */
  boolean draining() {
    return core.processEnded() && !core.completed();
  }

  boolean attachedTo(Attachment other) {
    return other.equals(attachment);
  }

  /**
   * The attachment has the session from now on, unless it asks for what is not held.
   *
   * @return why not
   */
  Optional<String> attach(Attachment next, long from, boolean dropStdin) {
    Optional<String> refusal = core.attach(from, dropStdin);
    if (refusal.isEmpty()) {
      if (attachment != null) {
        attachment.takenOver();
      }
      attachment = next;
      exitSent = false;
      outputStored = from;
      next.attached(core.stdinOffset(), core.stdinReceived());
      next.next();
    }
    return refusal;
  }

  /** Nobody has the session: it runs on until its buffer is full. */
  void detach() {
    core.detach();
    attachment = null;
  }

  /** The worker has everything before an offset. */
  void stored(long offset) {
    core.stored(offset);
    outputStored = Math.max(outputStored, Math.min(offset, outputEnd));
  }

  /** Bytes of output in memory, as the worker has not stored them. */
  long held() {
    return outputEnd - outputStored;
  }

  void input(Frame.In frame) {
    ChildProcess running = process;
    if (running == null) {
      return;
    }
    switch (frame) {
      case Frame.Stdin stdin -> core.stdin(stdin);
      case Frame.Signal(String name) -> Signals.number(name).ifPresent(running::signal);
      case Frame.Resize(int rows, int cols) -> running.resize(new TerminalSize(rows, cols));
      case Frame.Heartbeat _, Frame.Detach _ -> {}
    }
  }

  /**
   * Names what the session waits for in this round.
   *
   * @param mostHeld bytes of output that it may hold at present
   */
  void watch(Poller poller, long mostHeld) {
    heldBack = held() >= mostHeld;
    outputSlots.clear();
    exitSlot = NOT_WATCHED;
    ChildProcess running = process;
    if (running == null || core.completed()) {
      return;
    }
    if (core.wantsOutput() && !heldBack) {
      for (StdStream stream : StdStream.values()) {
        if (running.output(stream) >= 0) {
          outputSlots.put(stream, poller.add(running.output(stream), Poller.READ));
        }
      }
    }
    if (running.stdin() >= 0 && (!core.stdinToWrite().isEmpty() || stdinEndIsDue())) {
      poller.add(running.stdin(), Poller.WRITE);
    }
    if (running.pidfd() >= 0) {
      exitSlot = poller.add(running.pidfd(), Poller.READ);
    }
  }

  /** Counts the time since the last round against the drain. Before anything else changes. */
  void tick(long nowNanos) {
    if (draining()) {
      if (!heldBack) {
        core.elapsed(Duration.ofNanos(nowNanos - drainedUntilNanos));
      }
      drainedUntilNanos = nowNanos;
      closeIfCompleted();
    }
  }

  /** Moves what the round's wait has found to be movable. */
  void act(Poller poller, ByteBuffer buffer) {
    ChildProcess running = process;
    if (running == null || core.completed()) {
      return;
    }
    outputSlots.forEach((stream, slot) -> {
      if (poller.readable(slot)) {
        read(running, stream, buffer);
      }
    });
    write(running, buffer);
    if (exitSlot != NOT_WATCHED && poller.readable(exitSlot)) {
      running.reap().ifPresent(this::ended);
    }
    closeIfCompleted();
  }

  private void read(ChildProcess running, StdStream stream, ByteBuffer buffer) {
    int count = running.read(stream, buffer);
    if (count == ChildProcess.END) {
      core.readEnd(stream);
    } else if (count > 0) {
      core.read(stream, ByteString.copyFrom(buffer.limit(count)));
      outputEnd += count;
    }
  }

  private void write(ChildProcess running, ByteBuffer buffer) {
    ByteString stdin = core.stdinToWrite();
    if (!stdin.isEmpty()) {
      int most = Math.min(stdin.size(), buffer.capacity());
      stdin.substring(0, most).copyTo(buffer.clear());
      int count = running.stdin() >= 0 ? running.write(buffer.flip()) : ChildProcess.END;
      if (count == ChildProcess.END) {
        core.stdinBroken();
      } else {
        core.stdinTaken(count);
      }
    }
    if (stdinEndIsDue()) {
      stdinEnded = running.endStdin();
    }
  }

  private boolean stdinEndIsDue() {
    return !stdinEnded && core.stdinAtEnd();
  }

  private void ended(ChildProcess.End end) {
    drainedUntilNanos = System.nanoTime();
    core.ended(end.code(), end.signal(), Duration.ofNanos(drainedUntilNanos - startNanos));
  }

  private void closeIfCompleted() {
    if (process != null && core.completed()) {
      process.close();
      core.stdinBroken();
    }
  }

  /** Sends what the attachment has room for. */
  void send() {
    Attachment current = attachment;
    while (current != null && !exitSent && current.ready()) {
      Optional<Frame.Out> frame = core.next();
      if (frame.isEmpty()) {
        break;
      }
      current.frame(frame.get());
      exitSent = frame.get() instanceof Frame.Exit;
      if (frame.get() instanceof Frame.Failure) {
        end();
        return;
      }
    }
    if (current != null && exitSent && current.inputClosed()) {
      end();
    }
  }

  /** Ends the stream that has the session: nothing is left to say. */
  void end() {
    if (attachment != null) {
      attachment.end();
      detach();
    }
  }

  void signal(int number) {
    if (process != null) {
      process.signal(number);
    }
  }
}
