package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A client with a whole stdin to send: what drives {@link ClientSession} in the simulation. */
final class SimClient {
  private final SessionWorld world;
  private final Clockwork clock;
  private final ByteString stdin;
  final ClientSession session = new ClientSession(true, false);
  final StreamBytes received = new StreamBytes();
  private int read;
  private boolean endRead;
  private @Nullable Wire<Frame.Out, Frame.In> wire;

  SimClient(SessionWorld world, ByteString stdin) {
    this.world = world;
    this.clock = world.clock;
    this.stdin = stdin;
    live();
  }

  void cut() {
    if (wire != null) {
      wire.cut();
    }
  }

  private void live() {
    clock.after(
        1 + clock.random.nextInt(30),
        () -> {
          if (session.outcome().isPresent()) {
            return;
          }
          if (wire == null) {
            connect();
          }
          readStdin();
          send();
          live();
        });
  }

  private void connect() {
    if (!world.replicas.reachesWorker()) {
      return;
    }
    if (world.worker.session().isEmpty()) {
      // What the worker never had is answered from the object.
      Optional.ofNullable(world.replicas.outcome()).ifPresent(o -> react(session.received(o)));
      return;
    }
    Wire<Frame.Out, Frame.In> fresh = new Wire<>(clock, 8);
    wire = fresh;
    session.connected();
    fresh.endA(
        frame -> {
          if (wire == fresh) {
            react(session.received(frame));
          }
        },
        () -> {
          if (wire == fresh) {
            disconnected();
          }
        });
    world.worker.attach(fresh, session.resumeFrom());
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
  }

  private void react(ClientSession.Reaction reaction) {
    switch (reaction) {
      case ClientSession.Reaction.Nothing() -> {}
      case ClientSession.Reaction.Deliver(StdStream stream, ByteString data) ->
          received.add(stream, data);
      case ClientSession.Reaction.TellGap(long from, long to) ->
          world.violated("a gap from " + from + " to " + to + ", though nothing was evicted");
      case ClientSession.Reaction.Reconnect(String why) -> {
        cut();
        disconnected();
      }
      case ClientSession.Reaction.End(Outcome outcome) -> cut();
    }
  }

  private void readStdin() {
    int room = Math.min(session.stdinRoom(), stdin.size() - read);
    if (room > 0) {
      int n = Math.min(Frame.MAX_DATA, 1 + clock.random.nextInt(room));
      session.stdin(stdin.substring(read, read + n), false);
      read += n;
    }
    if (read == stdin.size() && !endRead) {
      endRead = true;
      session.stdin(ByteString.EMPTY, true);
    }
  }

  private void send() {
    Wire<Frame.Out, Frame.In> to = wire;
    if (to == null || !world.worker.session().map(WorkerSession::wantsStdin).orElse(false)) {
      return;
    }
    Optional<Frame.Stdin> next = session.next();
    next.ifPresent(to::sendToB);
  }
}
