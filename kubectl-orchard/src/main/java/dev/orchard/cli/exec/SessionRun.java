package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.SessionStream;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.cli.terminal.Terminal;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.ClientSession;
import dev.orchard.exec.session.ClientSession.Reaction;
import dev.orchard.exec.session.Outcome;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Drives a session from here. The thread that calls {@link #run} owns all state and reads one
 * inbox; threads for the socket, local input, local output and signals only fill it, each with one
 * thing, or a connection's window of frames, before it must wait for us.
 *
 * <p>It goes from running to ending (the outcome is known or given up, output is still written) to
 * an exit code. A second signal, and Ctrl-C on a raw terminal that is not connected, leave at once.
 */
final class SessionRun {
  private static final long TICK_MILLIS = 1_000;

  /** How long the other end may take to hear our last words. */
  private static final Duration GOODBYE = Duration.ofSeconds(5);

  /** What Ctrl-C types on a raw terminal. */
  private static final char INTERRUPT_KEY = 3;

  private final Plan plan;
  private final LocalSide local;
  private final Messages messages;
  private final LongSupplier nanos;

  private final BlockingQueue<Event> inbox = new LinkedBlockingQueue<>();
  private ClientSession session;
  private final Hop hop;
  private final Outbox outbox;
  private final LocalOutput output;
  private final Printer printer;
  private final EscapeKeys escape;
  private final StdinPump pump;

  private boolean inputOpen;
  private boolean interrupted;
  private boolean cutTold;
  private boolean hangingUp;
  private long hangingUpSince;
  private boolean goodbyeSaid;
  private Terminal.@Nullable RawMode raw;
  private @Nullable ExitStatus ending;
  private @Nullable Integer exitCode;

  SessionRun(
      Plan plan,
      Printer printer,
      EscapeKeys escape,
      LocalSide local,
      Messages messages,
      RandomGenerator random,
      LongSupplier nanos) {
    this.plan = plan;
    this.printer = printer;
    this.escape = escape;
    this.local = local;
    this.messages = messages;
    this.nanos = nanos;
    this.session = client(plan.from());
    this.outbox = new Outbox(() -> session.next());
    plan.tty().ifPresent(plan.purpose() == Plan.Purpose.RUN ? outbox::created : outbox::resize);
    this.hop = new Hop(new Connector(plan, inbox::add), outbox, random, nanos);
    this.output = new LocalOutput(local.stdout(), local.stderr(), messages, inbox::add);
    this.pump = new StdinPump(local.stdin(), inbox::add);
  }

  private ClientSession client(long from) {
    return new ClientSession(plan.stdin(), plan.tty().isPresent(), from);
  }

  /** Until the exit code is known and all that came is written. */
  int run() throws InterruptedException {
    local.signals().handle(signal -> inbox.add(new Event.Signalled(signal)));
    output.start();
    hop.open(plan.from());
    try {
      while (exitCode == null) {
        Event event = inbox.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
        if (event != null) {
          handle(event);
        }
        if (hangingUp) {
          hangUp();
        } else if (ending == null) {
          tend();
        }
      }
      return exitCode;
    } finally {
      leaveRawMode();
      hop.close();
      // Whoever holds up our output would hold up this too.
      if (ending != null && output.isIdle()) {
        ending.message().ifPresent(messages::say);
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
      case Event.NotConnected(int number, String why, boolean passing) -> {
        if (passing) {
          lost(number, why);
        } else if (hop.isCurrent(number)) {
          abandon(why);
        }
      }
      case Event.Received(int number, Frame.Out frame) -> {
        if (hop.isCurrent(number) && ending == null) {
          received(number, frame);
        } else if (hangingUp) {
          hop.consumed().run();
        }
      }
      case Event.Sent(int number) -> {
        if (hop.isCurrent(number)) {
          outbox.sent();
        }
      }
      case Event.Closed(int number, String why) -> lost(number, why);
      case Event.Finished(int number) -> {
        if (hop.isCurrent(number)) {
          end(new ExitStatus(ExitCodes.OK, Optional.empty()));
        }
      }
      case Event.Broken(int number, String why) -> {
        if (hop.isCurrent(number)) {
          abandon("the controller sent no valid frame: " + why);
        }
      }
      case Event.Input(ByteString data, boolean eof) -> input(data, eof);
      case Event.Signalled(LocalSignal signal) -> signalled(signal);
      case Event.LocalFailed(String why) -> localFailed(why);
      case Event.Written() -> {
        if (ending != null) {
          exitCode = ending.code();
        }
      }
    }
  }

  private void received(int number, Frame.Out frame) {
    if (frame instanceof Frame.Failure failure
        && failure.code() == ErrorCode.OFFSET_AHEAD_OF_LOG
        && session.resumeFrom() == Plan.END) {
      session = client(failure.end());
      hop.reopen(failure.end());
      return;
    }
    Reaction reaction = session.received(frame);
    hop.heard(!(frame instanceof Frame.Failure));
    Runnable consumed = hop.consumed();
    Optional<Printer.Printed> printed = printer.print(frame, reaction, session.resumeFrom());
    printed.ifPresentOrElse(
        bytes -> output.write(bytes.stream(), bytes.data(), consumed), consumed);
    // What is typed while it is not known where the end is would go to a session that is given up.
    if (frame instanceof Frame.Ack && session.resumeFrom() != Plan.END) {
      inputWanted();
    }
    switch (reaction) {
      case Reaction.Nothing(), Reaction.Deliver _ -> {}
      case Reaction.TellGap(long from, long to) ->
          output.note("%d bytes of output at offset %d are gone".formatted(to - from, from));
      case Reaction.Reconnect(String why) -> lost(number, why);
      case Reaction.End end -> end(status(end.outcome()));
    }
  }

  /** The session has said how far it took stdin: now what is read has a place to go. */
  private void inputWanted() {
    session.connected();
    if (plan.stdin() && !inputOpen) {
      inputOpen = true;
      if (plan.tty().isPresent()) {
        raw = local.terminal().raw();
        messages.terminalIsRaw(true);
      }
    }
  }

  private void input(ByteString data, boolean eof) {
    pump.arrived(eof);
    if (raw == null) {
      session.stdin(data, eof);
      return;
    }
    if (!hop.isConnected() && data.toStringUtf8().indexOf(INTERRUPT_KEY) >= 0) {
      leave(LocalSignal.INT);
    }
    for (EscapeKeys.Key key : escape.typed(data)) {
      switch (key) {
        case EscapeKeys.Key.Typed(ByteString keys) -> session.stdin(keys, false);
        case EscapeKeys.Key.HangUp() -> part(LocalSignal.HUP);
        case EscapeKeys.Key.Detach() -> part(null);
        case EscapeKeys.Key.Help() -> output.note(escape.help());
      }
    }
    if (eof) {
      session.stdin(ByteString.EMPTY, true);
    }
  }

  /** Leaves as the user wants it: with a signal, or so that the command runs on. */
  private void part(@Nullable LocalSignal signal) {
    if (ending != null) {
      return;
    }
    if (!hop.isConnected()) {
      leave(LocalSignal.HUP);
    } else if (signal != null) {
      outbox.signal(new Frame.Signal(signal.name()));
      hangUpWith(
          new ExitStatus(
              ExitCodes.SIGNAL_BASE + signal.number(),
              Optional.of("hung up on session " + plan.session())));
    } else {
      outbox.detach();
      hangUpWith(
          new ExitStatus(
              ExitCodes.UNKNOWN,
              Optional.of(
                  "detached from session %1$s, which runs on: kubectl orchard attach %1$s"
                      .formatted(plan.session()))));
    }
  }

  private void lost(int number, String why) {
    if (!hop.isCurrent(number)) {
      return;
    }
    if (ending != null) {
      hop.drop();
      return;
    }
    session.disconnected();
    if (hop.isHopeless()) {
      abandon(
          "no connection for %d minutes: %s; kubectl orchard attach %s"
              .formatted(Hop.PATIENCE.toMinutes(), why, plan.session()));
      return;
    }
    if (!cutTold) {
      cutTold = true;
      output.note("no connection to session %s, trying again: %s".formatted(plan.session(), why));
    }
    hop.reopen(session.resumeFrom());
  }

  private void tend() {
    if (inputOpen) {
      pump.ask(session.stdinRoom());
    }
    if (!hop.tend(output.isIdle())) {
      lost(hop.number(), "nothing came for a long time");
    }
  }

  private void signalled(LocalSignal signal) {
    switch (signal) {
      case WINCH -> {
        if (plan.tty().isPresent()) {
          local.terminal().size().ifPresent(outbox::resize);
        }
      }
      case HUP, INT, TERM -> {
        if (interrupted || ending != null || !plan.passesSignals()) {
          leave(signal);
        } else {
          interrupted = true;
          outbox.signal(new Frame.Signal(signal.name()));
          if (!hop.isConnected()) {
            output.note("not connected: again to leave the session");
          }
        }
      }
    }
  }

  /** Without waiting for anything, not even for who should take our output. */
  private void leave(LocalSignal signal) {
    exitCode = ExitCodes.SIGNAL_BASE + signal.number();
    if (ending == null) {
      ending = new ExitStatus(exitCode, Optional.of(plan.whenLeft()));
    }
  }

  private void localFailed(String why) {
    if (ending == null) {
      // As a terminal that is closed does: what nobody reads any more should end.
      outbox.signal(new Frame.Signal("HUP"));
    }
    hangUpWith(new ExitStatus(ExitCodes.UNKNOWN, Optional.of(why)));
  }

  private void hangUpWith(ExitStatus status) {
    ending = status;
    hangingUp = true;
    hangingUpSince = nanos.getAsLong();
  }

  /** Sees to it that the last signal arrives: a socket that is just dropped may take it along. */
  private void hangUp() {
    hop.tend(false);
    if (outbox.isQuiet() && !goodbyeSaid) {
      goodbyeSaid = true;
      hop.close();
      hop.consumed().run();
    }
    if (!hop.isConnected() || nanos.getAsLong() - hangingUpSince > GOODBYE.toNanos()) {
      exitCode = ending == null ? ExitCodes.UNKNOWN : ending.code();
    }
  }

  private void abandon(String why) {
    end(status(session.abandon(why)));
  }

  private ExitStatus status(Outcome outcome) {
    return plan.purpose() == Plan.Purpose.PRINT && outcome instanceof Outcome.Known
        ? new ExitStatus(ExitCodes.OK, Optional.empty())
        : ExitStatus.of(outcome);
  }

  private void end(ExitStatus status) {
    if (ending == null) {
      ending = status;
      output.finish();
    }
  }

  private void leaveRawMode() {
    if (raw != null) {
      raw.close();
      messages.terminalIsRaw(false);
    }
  }
}
