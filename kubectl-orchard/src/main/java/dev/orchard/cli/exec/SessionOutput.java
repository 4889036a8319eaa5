package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.SessionListener;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;

/** Writes what comes of a session to standard output and error, and messages in between. */
final class SessionOutput implements SessionListener {
  private final String session;
  private final Printer printer;
  private final Runnable beforeInput;
  private final LocalSide local;
  private final Messages messages;
  private final Consumer<Event> events;
  private volatile boolean writing;
  private boolean failed;
  private boolean cutTold;

  SessionOutput(
      String session,
      Printer printer,
      Runnable beforeInput,
      LocalSide local,
      Messages messages,
      Consumer<Event> events) {
    this.session = session;
    this.printer = printer;
    this.beforeInput = beforeInput;
    this.local = local;
    this.messages = messages;
    this.events = events;
  }

  /** Whether whoever should take our output holds it up, as far as can be told. */
  boolean isWriting() {
    return writing;
  }

  @Override
  public void started(Frame.Started started) {
    print(started);
  }

  @Override
  public void ready() {
    beforeInput.run();
    events.accept(new Event.Ready());
  }

  @Override
  public void output(StdStream stream, long offset, ByteString data) {
    print(new Frame.Output(stream, offset, data));
  }

  @Override
  public void gap(long from, long to) {
    print(new Frame.Gap(from, to));
    messages.say("%d bytes of output at offset %d are gone".formatted(to - from, from));
  }

  @Override
  public void interrupted(String why) {
    if (!cutTold) {
      cutTold = true;
      messages.say("no connection to session %s, trying again: %s".formatted(session, why));
    }
  }

  @Override
  public void failed(Frame.Failure failure) {
    print(failure);
  }

  @Override
  public void caughtUp() {
    events.accept(new Event.CaughtUp());
  }

  @Override
  public void ended(Outcome outcome) {
    if (outcome instanceof Outcome.Known(Frame.Exit exit)) {
      print(exit);
    }
  }

  private void print(Frame.Out frame) {
    printer.print(frame).filter(_ -> !failed).ifPresent(this::write);
  }

  private void write(Printer.Printed printed) {
    OutputStream out =
        switch (printed.stream()) {
          case STDOUT -> local.stdout();
          case STDERR -> local.stderr();
        };
    writing = true;
    try {
      printed.data().writeTo(out);
      out.flush();
    } catch (IOException e) {
      failed = true;
      events.accept(new Event.LocalFailed("output cannot be written: " + e.getMessage()));
    } finally {
      writing = false;
    }
  }
}
