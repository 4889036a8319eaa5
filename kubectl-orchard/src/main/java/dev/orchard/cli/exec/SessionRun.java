package dev.orchard.cli.exec;

import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.client.ExecSession;
import dev.orchard.exec.session.Outcome;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Drives a session from here. The thread that calls {@link #run} owns all state and reads one
 * inbox; the session, local input and signals fill it.
 *
 * <p>A second signal, and Ctrl-C on a raw terminal that is not connected, leave at once.
 */
final class SessionRun {
  private final Plan plan;
  private final LocalSide local;
  private final Messages messages;
  private final EscapeKeys escape;
  private final BlockingQueue<Event> inbox = new LinkedBlockingQueue<>();
  private final RawTerminal raw;
  private final SessionOutput output;
  private final ExecSession session;

  private boolean interrupted;
  private boolean caughtUp;
  private @Nullable ExitStatus ending;
  private @Nullable Integer exitCode;

  /** Begins to connect. */
  SessionRun(
      Plan plan,
      Printer printer,
      EscapeKeys escape,
      LocalSide local,
      Messages messages,
      RandomGenerator random) {
    this.plan = plan;
    this.escape = escape;
    this.local = local;
    this.messages = messages;
    local.signals().handle(signal -> inbox.add(new Event.Signalled(signal)));
    this.raw = new RawTerminal(local.terminal(), messages);
    // Nothing behind is printed before keys are no longer ours.
    Runnable beforeInput = plan.tty().isPresent() ? raw::enter : () -> {};
    this.output =
        new SessionOutput(plan.session(), printer, beforeInput, local, messages, inbox::add);
    this.session =
        ExecSession.follow(
            new ExecSession.Terms(
                plan.session(), plan.from(), plan.passesSignals(), plan.stdin(), plan.tty(), 1),
            plan.opener(),
            output,
            random);
    if (plan.purpose() == Plan.Purpose.JOIN) {
      plan.tty().ifPresent(session::resize);
    }
  }

  /** Until the exit code is known and all that came is written. */
  int run() throws InterruptedException {
    Thread.ofVirtual().name("outcome").start(this::awaitOutcome);
    try {
      while (exitCode == null) {
        handle(inbox.take());
      }
      return exitCode;
    } finally {
      raw.leave();
      session.close();
      // Whoever holds up our output would hold up this too.
      if (ending != null && !output.isWriting()) {
        ending.message().ifPresent(messages::say);
      }
    }
  }

  private void awaitOutcome() {
    try {
      inbox.add(new Event.Ended(session.await()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void handle(Event event) {
    switch (event) {
      case Event.Ready() -> takeInput();
      case Event.Escaped(EscapeKeys.Key key) -> escaped(key);
      case Event.Signalled(LocalSignal signal) -> signalled(signal);
      case Event.Interrupted() -> leave(LocalSignal.INT);
      case Event.LocalFailed(String why) -> localFailed(why);
      case Event.CaughtUp() -> caughtUp = true;
      case Event.Ended(Outcome outcome) -> {
        if (ending == null) {
          ending = status(outcome);
        }
        exitCode = ending.code();
      }
    }
  }

  private ExitStatus status(Outcome outcome) {
    boolean printed = plan.purpose() == Plan.Purpose.PRINT && outcome instanceof Outcome.Known;
    return printed || caughtUp
        ? new ExitStatus(ExitCodes.OK, Optional.empty())
        : ExitStatus.of(outcome, plan.session());
  }

  private void takeInput() {
    new StdinPump(local.stdin(), plan.tty().isPresent() ? escape : null, session, inbox::add)
        .start();
  }

  /** Leaves as the user wants it: with a signal, or so that the command runs on. */
  private void escaped(EscapeKeys.Key key) {
    if (key instanceof EscapeKeys.Key.Help) {
      say(escape.help());
    } else if (ending != null) {
      return;
    } else if (!session.isConnected()) {
      leave(LocalSignal.HUP);
    } else if (key instanceof EscapeKeys.Key.HangUp) {
      session.signal(LocalSignal.HUP.name());
      leaveWith(
          new ExitStatus(
              ExitCodes.SIGNAL_BASE + LocalSignal.HUP.number(),
              Optional.of("hung up on session " + plan.session())));
    } else {
      session.detach();
      leaveWith(
          new ExitStatus(
              ExitCodes.UNKNOWN,
              Optional.of(
                  "detached from session %1$s, which runs on: kubectl orchard attach %1$s"
                      .formatted(plan.session()))));
    }
  }

  private void signalled(LocalSignal signal) {
    switch (signal) {
      case WINCH -> {
        if (plan.tty().isPresent()) {
          local.terminal().size().ifPresent(session::resize);
        }
      }
      case HUP, INT, TERM -> {
        if (interrupted || ending != null || !plan.passesSignals()) {
          leave(signal);
        } else {
          interrupted = true;
          session.signal(signal.name());
          if (!session.isConnected()) {
            say("not connected: again to leave the session");
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
    if (ending == null && plan.passesSignals()) {
      // As a terminal that is closed does: what nobody reads any more should end.
      session.signal(LocalSignal.HUP.name());
    }
    leaveWith(new ExitStatus(ExitCodes.UNKNOWN, Optional.of(why)));
  }

  private void leaveWith(ExitStatus status) {
    ending = status;
    session.leave();
  }

  private void say(String message) {
    if (!output.isWriting()) {
      messages.say(message);
    }
  }
}
