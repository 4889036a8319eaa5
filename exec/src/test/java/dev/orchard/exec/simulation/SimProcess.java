package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.AgentSession;
import dev.orchard.exec.session.RefusalReason;
import dev.orchard.exec.simulation.SimGuest.ToAgent;
import dev.orchard.exec.simulation.SimGuest.ToWorker;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A process in the guest with its pipes: what drives one {@link AgentSession}. */
final class SimProcess {
  /** What the kernel takes of a stdin that nobody reads. */
  private static final int PIPE = 64 << 10;

  /** How often the time of a drain is counted. */
  private static final int DRAIN_STEP = 1_000;

  final AgentSession session;
  final Truth truth;
  private final World world;
  private final Clockwork clock;
  private @Nullable Wire<ToWorker, ToAgent> stream;
  private boolean awake;
  private boolean over;
  private boolean vanished;
  private @Nullable String killedBy;
  private ByteString ackedEarly = ByteString.EMPTY;
  private long stdinReceived;
  private long read;
  private long stored;
  private long nextRead;

  SimProcess(World world, Truth truth, AgentSession session) {
    this.world = world;
    this.clock = world.clock;
    this.truth = truth;
    this.session = session;
  }

  boolean isOn(Wire<ToWorker, ToAgent> other) {
    return stream == other;
  }

  /** The guest is gone, and the process with it. */
  void vanish() {
    vanished = true;
    stream = null;
  }

  void attach(Wire<ToWorker, ToAgent> next, long from, boolean dropStdin) {
    boolean keeps = world.fault == Fault.STDIN_KEPT_AT_TAKEOVER;
    Optional<String> refused = session.attach(from, dropStdin && !keeps);
    if (refused.isPresent()) {
      next.toA.send(new ToWorker.Refused(RefusalReason.FORGOTTEN_SESSION, refused.get()));
      return;
    }
    Wire<ToWorker, ToAgent> before = stream;
    stream = next;
    if (before != null && before != next) {
      before.close();
    }
    stored(from);
    next.toA.send(
        new ToWorker.Attached(
            session.stdinOffset(), keeps ? session.stdinOffset() : session.stdinReceived()));
    send();
  }

  void streamLost() {
    stream = null;
    session.detach();
    if (world.fault == Fault.EOF_MADE_UP) {
      session.stdin(new Frame.Stdin(stdinReceived, ByteString.EMPTY, true));
      wake();
    }
  }

  void stored(long offset) {
    world.require(
        Invariant.I5_LOG_KEPT,
        offset <= world.worker.disk().end(truth.uid) || truth.logMayBeShort,
        () -> "the agent was told to forget up to " + offset + ", which is not in the log");
    session.stored(offset);
    stored = Math.max(stored, offset);
    wake();
  }

  void input(Frame.In frame) {
    switch (frame) {
      case Frame.Stdin stdin -> {
        stdin(stdin);
        stdinReceived = Math.max(stdinReceived, stdin.end());
      }
      case Frame.Signal(String name) -> {
        if (name.equals("KILL") || truth.program.kind != SimProgram.Kind.IGNORES_TERM) {
          killedBy = name;
        }
      }
      case Frame.Resize _, Frame.Detach _, Frame.Heartbeat _ -> {}
    }
    wake();
  }

  private void stdin(Frame.Stdin stdin) {
    if (world.fault == Fault.STDIN_TAKEN_TWICE && stdin.offset() < stdinReceived) {
      truth.took(ByteString.copyFromUtf8("?"));
    }
    session.stdin(stdin);
    if (world.fault == Fault.ACK_BEFORE_PIPE) {
      ByteString early = session.stdinToWrite();
      ackedEarly = ackedEarly.concat(early);
      session.stdinTaken(early.size());
    }
  }

  /** Lets it go on a little later, unless that is arranged already. */
  void wake() {
    if (!awake && !vanished) {
      awake = true;
      clock.after(
          1 + clock.below(20),
          () -> {
            awake = false;
            if (!vanished) {
              live();
            }
          });
    }
  }

  private void live() {
    if (!over && truth.program.kind != SimProgram.Kind.NOT_FOUND) {
      read();
      write();
    }
    send();
  }

  private void read() {
    if (truth.program.slow) {
      if (clock.now() < nextRead) {
        return;
      }
      nextRead = clock.now() + 50 + clock.below(400);
      clock.after(nextRead - clock.now(), this::wake);
    }
    ByteString input = world.fault == Fault.ACK_BEFORE_PIPE ? ackedEarly : session.stdinToWrite();
    boolean reads = truth.program.kind == SimProgram.Kind.READS_FIRST;
    int most = reads ? input.size() : (int) Math.min(input.size(), PIPE - truth.taken());
    if (most > 0) {
      int taken = clock.oneIn(2) && !truth.program.slow ? most : 1 + clock.below(most);
      truth.took(input.substring(0, taken));
      if (world.fault == Fault.ACK_BEFORE_PIPE) {
        ackedEarly = ackedEarly.substring(taken);
      } else {
        session.stdinTaken(taken);
      }
      if (taken < input.size()) {
        wake();
      }
    }
    truth.stdinEnded |= session.stdinAtEnd();
    world.require(
        Invariant.I6_BOUNDS,
        session.stdinToWrite().size() <= AgentSession.STDIN_WINDOW,
        () -> "the agent holds " + session.stdinToWrite().size() + " bytes of stdin");
  }

  private void write() {
    SimProgram program = truth.program;
    if (killedBy != null) {
      end();
      return;
    }
    if (program.kind == SimProgram.Kind.READS_FIRST && !truth.stdinEnded) {
      return;
    }
    int own = program.writes() - (program.kind == SimProgram.Kind.LEAVES_CHILD ? 1 : 0);
    for (int i = 0; i < 4 && truth.written < own && session.wantsOutput(); i++) {
      writeOne();
    }
    if (truth.written >= own) {
      end();
    } else if (session.wantsOutput()) {
      wake();
    }
  }

  private void writeOne() {
    int write = truth.written++;
    SimProgram program = truth.program;
    ByteString data = program.output.slice(program.start(write), program.ends[write]);
    session.read(program.streams[write], data);
    read += data.size();
    world.require(
        Invariant.I6_BOUNDS,
        read - stored < AgentSession.BUFFER_BYTES + Frame.MAX_DATA,
        () -> "the agent holds " + (read - stored) + " bytes of output");
  }

  private void end() {
    over = true;
    session.stdinBroken();
    truth.stdinDiscarded = true;
    truth.exited = killedBy == null;
    boolean child = truth.program.kind == SimProgram.Kind.LEAVES_CHILD && killedBy == null;
    if (!child || world.fault == Fault.CLOSE_BEFORE_DRAIN) {
      closePipes();
    }
    session.ended(killedBy == null ? truth.program.code : null, killedBy, Duration.ofMillis(5));
    if (child) {
      childEnds(clock.below(8_000));
    }
  }

  private void closePipes() {
    session.readEnd(StdStream.STDOUT);
    session.readEnd(StdStream.STDERR);
  }

  /** Until it lets go of the pipes, or they are not waited for any more; its last words count. */
  private void childEnds(int left) {
    clock.after(
        Math.min(left, DRAIN_STEP),
        () -> {
          boolean givenUp = session.completed() && world.fault != Fault.CLOSE_BEFORE_DRAIN;
          if (vanished || givenUp) {
            return;
          }
          if (left <= DRAIN_STEP || killedBy != null) {
            lastWords();
          } else {
            session.elapsed(Duration.ofMillis(DRAIN_STEP));
            childEnds(left - DRAIN_STEP);
          }
          send();
        });
  }

  private void lastWords() {
    truth.childKilled = killedBy != null;
    if (killedBy == null && truth.written < truth.program.writes()) {
      if (!session.wantsOutput()) {
        // The pipe is full, and not for the child's fault.
        childEnds(1);
        return;
      }
      writeOne();
    }
    closePipes();
  }

  /** Sends what the stream has room for. */
  void send() {
    Wire<ToWorker, ToAgent> to = stream;
    while (to != null && to.toA.hasRoom()) {
      Optional<Frame.Out> next = session.next();
      if (next.isEmpty()) {
        return;
      }
      to.toA.send(new ToWorker.Out(next.get()), SimGuest.size(next.get()));
      if (world.fault == Fault.UNSTORED_DROPPED && next.get() instanceof Frame.Output output) {
        session.stored(output.end());
      }
    }
  }
}
