package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.ClientSession;
import dev.orchard.exec.session.ClientSession.Reaction;
import dev.orchard.exec.session.Outcome;
import dev.orchard.exec.simulation.SimObjects.Exec;
import dev.orchard.exec.simulation.SimReplica.Answer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One client of one session: what drives {@link ClientSession}. */
final class SimClient {
  /** What it does. */
  enum Role {
    /** Makes the session over the API, sends its stdin, reads from the beginning. */
    OWNER(true),
    /** Reads from the beginning. */
    READER(false),
    /** Reads from somewhere on. */
    LATE_READER(false),
    /** Takes the right to write away from whoever has it, and reads. */
    TAKER(true);

    private final boolean writes;

    Role(boolean writes) {
      this.writes = writes;
    }
  }

  private static final int PATIENCE = 3_000;
  private static final int MISSING = 3;

  /** After so long without a frame it leaves. */
  private static final int HOPELESS = 70_000;

  final String name;
  final Role role;
  final Bytes stdin;
  private final World world;
  private final Clockwork clock;
  private final ClientSession session;
  private final long stdinEnd;
  private @Nullable Truth truth;
  private @Nullable Wire<Frame.Out, Frame.In> wire;
  private @Nullable Exec stored;
  private boolean wasAttached;
  private boolean connecting;
  private int attempt;
  private long attachedAt;
  private int missed;
  private boolean awake;
  private boolean penLost;
  private boolean left;

  /** Of stdin: where its own begins, what it has read of it, and what is acknowledged. */
  private long stdinStart = -1;

  private long stdinRead;
  private long acked;
  private boolean endRead;

  /** When it got the right to write for its latest connection that was told so. */
  private int tenure;

  private boolean tenureKnown;

  /** Somebody else may have written in between. */
  private boolean penShared;

  SimClient(World world, String name, Role role, long from, int stdinSize) {
    this.world = world;
    this.clock = world.clock;
    this.name = name;
    this.role = role;
    this.stdin = Bytes.any(clock);
    this.stdinEnd = stdinSize;
    this.session = new ClientSession(role.writes, false, from);
    this.attachedAt = clock.now();
    connectLater();
  }

  /** It means this session, whatever has its name later. */
  SimClient of(Truth meant) {
    truth = meant;
    meant.clients.add(this);
    return this;
  }

  Optional<Outcome> outcome() {
    return session.outcome();
  }

  Optional<Truth> truth() {
    return Optional.ofNullable(truth);
  }

  long received() {
    return session.resumeFrom();
  }

  /** Its whole stdin, an end included, was handed to the session. */
  boolean hasReadAllStdin() {
    return endRead;
  }

  long stdinEnd() {
    return stdinEnd;
  }

  boolean stdinSent() {
    return stdinStart >= 0;
  }

  /** Nobody else has written since its first ack. */
  boolean holdsPen() {
    return truth != null && tenureKnown && !penShared && tenure == truth.penTaken;
  }

  /** It left, was taken over, or there was nothing to attach to. */
  boolean mayNotKnow() {
    return left || penLost;
  }

  boolean writes() {
    return role.writes && !penLost && session.outcome().isEmpty();
  }

  /** Whether the exit came from the object, for want of a log. */
  boolean toldByObject() {
    return stored != null;
  }

  void cut() {
    if (wire != null) {
      wire.cut(50 + clock.below(300), 50 + clock.below(3000));
    }
  }

  void giveUp() {
    if (session.outcome().isEmpty()) {
      left = true;
      var _ = session.abandon("gave up");
      leave();
    }
  }

  void detach() {
    if (wire != null) {
      wire.toB.send(new Frame.Detach());
    }
  }

  private void leave() {
    Wire<Frame.Out, Frame.In> open = wire;
    wire = null;
    if (open != null) {
      open.close();
    }
  }

  private void connectLater() {
    clock.after(20 + clock.below(300), this::connect);
  }

  private void connect() {
    if (session.outcome().isPresent() || wire != null || connecting) {
      return;
    }
    if (clock.now() > attachedAt + HOPELESS) {
      giveUp();
      return;
    }
    connecting = true;
    int number = ++attempt;
    boolean again = wasAttached;
    boolean create = role == Role.OWNER && !wasAttached;
    world
        .anyReplica()
        .request(
            new SimReplica.Request(
                name,
                create,
                session.resumeFrom(),
                truth == null ? "" : truth.uid,
                role.writes,
                role == Role.TAKER || again,
                true),
            answer -> {
              if (number == attempt && connecting) {
                connecting = false;
                answered(answer);
              } else if (answer instanceof Answer.Opened opened) {
                opened.wire().cut();
              }
            });
    clock.after(
        PATIENCE,
        () -> {
          if (number == attempt && connecting) {
            connecting = false;
            connectLater();
          }
        });
  }

  private void answered(Answer answer) {
    if (session.outcome().isPresent()) {
      if (answer instanceof Answer.Opened opened) {
        opened.wire().cut();
      }
      return;
    }
    world.trace(name, answer);
    switch (answer) {
      case Answer.Unavailable() -> connectLater();
      case Answer.NotFound() -> {
        missed++;
        if (wasAttached || missed > MISSING) {
          left = true;
          var _ = session.abandon("there is no such session");
        } else {
          clock.after(1000, this::connect);
        }
      }
      case Answer.Stored(Exec exec) -> {
        belongsTo(exec);
        tellStored(exec);
      }
      case Answer.Opened(Exec exec, var opened, var asStored) -> {
        wasAttached = true;
        opened(exec, opened, asStored);
      }
    }
  }

  /** What it is told belongs to the session that it first heard of, for good. */
  private void belongsTo(Exec exec) {
    if (truth == null) {
      var _ = of(world.truth(exec.uid()));
    }
    wasAttached = true;
  }

  private void opened(Exec exec, Wire<Frame.Out, Frame.In> fresh, @Nullable Exec asStored) {
    wire = fresh;
    tenureKnown = false;
    session.connected();
    fresh.endA(
        frame -> {
          if (wire == fresh) {
            attachedAt = clock.now();
            received(exec, frame, asStored);
          }
        },
        () -> {
          if (wire == fresh) {
            disconnected();
          }
        });
  }

  private void disconnected() {
    wire = null;
    session.disconnected();
    if (world.fault == Fault.CUT_IS_SUCCESS && session.resumeFrom() > 0) {
      react(
          session.received(
              new Frame.Exit(
                  0,
                  null,
                  ExitReason.EXITED,
                  session.resumeFrom(),
                  0,
                  null,
                  null,
                  false,
                  Duration.ZERO,
                  null)));
    }
    connectLater();
  }

  private void received(Exec exec, Frame.Out frame, @Nullable Exec asStored) {
    if (frame instanceof Frame.Started || frame instanceof Frame.Exit) {
      belongsTo(exec);
    }
    if (frame instanceof Frame.Failure failure) {
      if (failure.code() == ErrorCode.SESSION_GONE && asStored != null) {
        tellStored(asStored);
        return;
      }
      penLost |= failure.code() == ErrorCode.NOT_WRITER;
    }
    long before = session.resumeFrom();
    Reaction reaction = session.received(frame);
    if (frame instanceof Frame.Ack(long offset)) {
      acknowledged(offset);
    }
    if (reaction instanceof Reaction.Deliver(StdStream stream, ByteString data)) {
      world.checks.delivered(this, stream, before, data);
    }
    react(reaction);
    wake();
  }

  private void tellStored(Exec exec) {
    Frame.Exit exit = exec.exit();
    if (exit == null) {
      return;
    }
    stored = exec;
    long end = exit.stdoutBytes() + exit.stderrBytes();
    if (end > session.resumeFrom()) {
      react(session.received(new Frame.Gap(session.resumeFrom(), end)));
    }
    react(
        session.received(
            new Frame.Exit(
                exit.code(),
                exit.signal(),
                exit.reason(),
                exit.stdoutBytes(),
                exit.stderrBytes(),
                null,
                null,
                exit.outputIncomplete(),
                exit.duration(),
                exit.message())));
  }

  private void react(Reaction reaction) {
    switch (reaction) {
      case Reaction.Nothing(), Reaction.Deliver _ -> {}
      case Reaction.TellGap(long gapFrom, long to) -> {
        if (stored == null) {
          world.checks.gapTold(this, gapFrom, to);
        }
      }
      case Reaction.Reconnect _ -> {
        if (wire != null) {
          wire.cut();
          disconnected();
        }
      }
      case Reaction.End(Outcome outcome) -> {
        world.trace(name, outcome);
        leave();
        world.checks.clientEnded(this, outcome);
      }
    }
  }

  // ---- stdin

  private void acknowledged(long offset) {
    if (!role.writes) {
      return;
    }
    if (stdinStart < 0) {
      stdinStart = offset;
      stdinRead = offset;
      acked = offset;
    }
    if (offset > acked) {
      world.checks.stdinAcknowledged(this, acked, offset);
      acked = offset;
    }
    if (!tenureKnown && truth != null) {
      penShared |= tenure != 0 && truth.penTaken != tenure + 1;
      tenure = truth.penTaken;
      tenureKnown = true;
    }
  }

  private void wake() {
    if (!awake && role.writes && stdinStart >= 0 && session.outcome().isEmpty()) {
      awake = true;
      clock.after(
          1 + clock.below(20),
          () -> {
            awake = false;
            if (session.outcome().isEmpty()) {
              readStdin();
              send();
            }
          });
    }
  }

  private void readStdin() {
    int room = (int) Math.min(session.stdinRoom(), stdinEnd - stdinRead);
    if (room > 0) {
      int size = Math.min(Frame.MAX_DATA, 1 + clock.below(room));
      session.stdin(stdin.slice(stdinRead, stdinRead + size), false);
      stdinRead += size;
    }
    if (stdinRead >= stdinEnd && !endRead) {
      endRead = true;
      session.stdin(ByteString.EMPTY, true);
    }
    if (room > 0) {
      wake();
    }
  }

  private void send() {
    Wire<Frame.Out, Frame.In> to = wire;
    if (to == null) {
      return;
    }
    for (Optional<Frame.Stdin> next = session.next(); next.isPresent(); next = session.next()) {
      to.toB.send(next.get());
    }
  }
}
