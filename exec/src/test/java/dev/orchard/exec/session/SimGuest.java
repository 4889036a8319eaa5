package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A VM with its agent: what drives {@link AgentSessions} in the simulation. */
final class SimGuest {
  /** What a worker may send on a stream. */
  sealed interface ToAgent {
    record Start(String id, String instance) implements ToAgent {}

    record Attach(String id, String instance, long from) implements ToAgent {}

    record In(Frame.In frame) implements ToAgent {}

    record Stored(long offset, boolean exit) implements ToAgent {}
  }

  /** What the agent may answer on it. */
  sealed interface ToWorker {
    record Attached(long stdinOffset) implements ToWorker {}

    record Refused(RefusalReason reason, String message) implements ToWorker {}

    record Closed() implements ToWorker {}

    record Out(Frame.Out frame) implements ToWorker {}
  }

  private static final class Running {
    final AgentSession session;
    @Nullable Wire<ToWorker, ToAgent> stream;
    int written;
    boolean stdinClosed;
    boolean killed;
    boolean ended;

    Running(AgentSession session) {
      this.session = session;
    }
  }

  private final Clockwork clock;
  private final SimProgram program;
  private final SessionWorld world;
  private final Map<AgentSession, Running> running = new HashMap<>();
  private int boots;
  private int instances;
  private AgentSessions sessions = new AgentSessions("none");
  Fence fence = new Fence("", "");

  SimGuest(SessionWorld world, SimProgram program) {
    this.world = world;
    this.clock = world.clock;
    this.program = program;
    boot();
  }

  void boot() {
    boots++;
    restartAgent();
  }

  void restartAgent() {
    instances++;
    running.clear();
    fence = new Fence("boot-" + boots, "agent-" + instances);
    sessions = new AgentSessions(fence.instance());
  }

  boolean isEmpty() {
    return sessions.ids().isEmpty();
  }

  /** The agent's end of a new stream. */
  void accept(Wire<ToWorker, ToAgent> stream) {
    Fence here = fence;
    stream.endB(
        message -> {
          if (here.equals(fence)) {
            received(stream, message);
          }
        },
        () -> streamLost(stream));
  }

  private void streamLost(Wire<ToWorker, ToAgent> stream) {
    for (Running r : running.values()) {
      if (r.stream == stream) {
        r.stream = null;
        r.session.detach();
      }
    }
  }

  private void received(Wire<ToWorker, ToAgent> stream, ToAgent message) {
    switch (message) {
      case ToAgent.Start(String id, String instance) ->
          admit(stream, id, 0, sessions.admitStart(id, instance));
      case ToAgent.Attach(String id, String instance, long from) -> {
        if (world.fault == Fault.SESSIONS_DROPPED_ON_RECONNECT) {
          sessions = new AgentSessions(fence.instance());
        }
        admit(stream, id, from, sessions.admitAttach(id, instance));
      }
      case ToAgent.In(Frame.In frame) -> on(stream).ifPresent(r -> input(r, frame));
      case ToAgent.Stored(long offset, boolean exit) ->
          on(stream)
              .ifPresent(r -> {
                r.session.stored(offset);
                if (exit) {
                  r.session.exitStored();
                  if (r.session.forgettable()) {
                    sessions.forget(SessionWorld.ID);
                    running.remove(r.session);
                  }
                }
              });
    }
  }

  private Optional<Running> on(Wire<ToWorker, ToAgent> stream) {
    return running.values().stream().filter(r -> r.stream == stream).findFirst();
  }

  private void admit(
      Wire<ToWorker, ToAgent> stream, String id, long from, AgentSessions.Admission admission) {
    AgentSession session;
    switch (admission) {
      case AgentSessions.Admission.Refuse(RefusalReason reason, String message) -> {
        stream.sendToA(new ToWorker.Refused(reason, message));
        return;
      }
      case AgentSessions.Admission.Adopt(AgentSession known) -> session = known;
      case AgentSessions.Admission.Spawn() -> {
        world.processStarted();
        session = AgentSession.running(1, true, EnumSet.allOf(StdStream.class));
        sessions.add(id, session);
        Running fresh = new Running(session);
        running.put(session, fresh);
        live(fresh);
      }
    }
    Optional<String> refused = session.attach(from);
    if (refused.isPresent()) {
      stream.sendToA(new ToWorker.Refused(RefusalReason.INVALID_INPUT, refused.get()));
      return;
    }
    Running r = running.get(session);
    if (r != null) {
      r.stream = stream;
      stream.sendToA(new ToWorker.Attached(session.stdinOffset()));
    }
  }

  private void input(Running r, Frame.In frame) {
    if (frame instanceof Frame.Stdin stdin) {
      r.session.stdin(stdin);
    } else if (frame instanceof Frame.Signal) {
      r.killed = true;
    }
  }

  /** The process and the agent's loop: a little at a time until the session is forgotten. */
  private void live(Running r) {
    clock.after(
        1 + clock.random.nextInt(20),
        () -> {
          if (!running.containsKey(r.session)) {
            return;
          }
          process(r);
          Wire<ToWorker, ToAgent> stream = r.stream;
          for (int i = 0; stream != null && i < 1 + clock.random.nextInt(8); i++) {
            Optional<Frame.Out> next = r.session.next();
            if (next.isEmpty()) {
              break;
            }
            stream.sendToA(new ToWorker.Out(next.get()));
          }
          live(r);
        });
  }

  private void process(Running r) {
    AgentSession session = r.session;
    ByteString input = session.stdinToWrite();
    if (!input.isEmpty() && !r.ended) {
      int taken = 1 + clock.random.nextInt(input.size());
      world.processTook(input.substring(0, taken));
      session.stdinTaken(taken);
    }
    r.stdinClosed |= session.stdinAtEnd();
    if (r.ended || (program.readsStdin && !r.stdinClosed && !r.killed)) {
      return;
    }
    for (int i = 0; i < 4 && r.written < program.writes.size() && session.wantsOutput(); i++) {
      SimProgram.Write write = program.writes.get(r.written++);
      world.processWrote(write);
      session.read(write.stream(), write.data());
    }
    if (r.killed || r.written == program.writes.size()) {
      r.ended = true;
      session.stdinBroken();
      session.readEnd(StdStream.STDOUT);
      session.readEnd(StdStream.STDERR);
      if (r.killed) {
        session.ended(null, "TERM", Duration.ofMillis(5));
      } else {
        session.ended(program.code, null, Duration.ofMillis(5));
      }
    }
  }
}
