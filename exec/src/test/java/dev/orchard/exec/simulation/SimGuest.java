package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.AgentSession;
import dev.orchard.exec.session.AgentSessions;
import dev.orchard.exec.session.Fence;
import dev.orchard.exec.session.RefusalReason;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A VM with its agent: what drives {@link AgentSessions} in the simulation. */
final class SimGuest {
  /** What a worker may send on a stream. */
  sealed interface ToAgent {
    record Start(String uid, String instance) implements ToAgent {}

    record Attach(String uid, String instance, long from, boolean dropStdin) implements ToAgent {}

    record In(Frame.In frame) implements ToAgent {}

    record Stored(long offset, boolean exit) implements ToAgent {}
  }

  /** What the agent may answer on it. */
  sealed interface ToWorker {
    record Attached(long stdinOffset, long stdinReceived) implements ToWorker {}

    record Refused(RefusalReason reason, String message) implements ToWorker {}

    record Closed() implements ToWorker {}

    record Out(Frame.Out frame) implements ToWorker {}
  }

  private final World world;
  private final Map<AgentSession, SimProcess> running = new LinkedHashMap<>();
  private int instances;
  private int pids;
  private boolean on;
  private AgentSessions sessions = new AgentSessions("none");
  private Fence fence = new Fence("", "");

  SimGuest(World world) {
    this.world = world;
  }

  void boot(String bootId) {
    on = true;
    begin(new Fence(bootId, "agent-" + ++instances));
  }

  void powerOff() {
    on = false;
    stopProcesses();
  }

  void restartAgent() {
    if (on) {
      begin(new Fence(fence.bootId(), "agent-" + ++instances));
    }
  }

  /** The agent remembers what it knew at a moment when it had no session yet. */
  void rollBack(String bootId) {
    on = true;
    begin(new Fence(bootId, fence.instance()));
  }

  private void begin(Fence now) {
    stopProcesses();
    fence = now;
    sessions = new AgentSessions(now.instance());
  }

  private void stopProcesses() {
    running.values().forEach(SimProcess::vanish);
    running.clear();
  }

  /** Who answers; absent while nobody does. */
  Optional<Fence> answers() {
    return on ? Optional.of(fence) : Optional.empty();
  }

  Set<String> ids() {
    return sessions.ids();
  }

  /** The agent's end of a new stream. */
  void accept(Wire<ToWorker, ToAgent> stream) {
    if (!on) {
      stream.cut();
      return;
    }
    Fence here = fence;
    stream.endB(
        message -> {
          if (on && here.equals(fence)) {
            received(stream, message);
          }
        },
        () -> streamLost(stream));
    stream.toA.onRoom(() -> on(stream).ifPresent(SimProcess::send));
  }

  private void streamLost(Wire<ToWorker, ToAgent> stream) {
    on(stream).ifPresent(SimProcess::streamLost);
  }

  private Optional<SimProcess> on(Wire<ToWorker, ToAgent> stream) {
    for (SimProcess process : running.values()) {
      if (process.isOn(stream)) {
        return Optional.of(process);
      }
    }
    return Optional.empty();
  }

  private void received(Wire<ToWorker, ToAgent> stream, ToAgent message) {
    world.trace("agent", message);
    switch (message) {
      case ToAgent.Start(String uid, String instance) -> {
        AgentSessions.Admission admission = sessions.admitStart(key(uid), meant(instance));
        world.require(
            Invariant.I8_NOT_MIXED,
            instance.equals(fence.instance())
                || admission instanceof AgentSessions.Admission.Refuse,
            () -> "what was meant for " + instance + " is started by " + fence.instance());
        admit(stream, uid, 0, false, admission);
      }
      case ToAgent.Attach(String uid, String instance, long from, boolean dropStdin) -> {
        if (world.fault == Fault.SESSIONS_DROPPED_ON_RECONNECT) {
          sessions = new AgentSessions(fence.instance());
        }
        admit(stream, uid, from, dropStdin, sessions.admitAttach(key(uid), meant(instance)));
      }
      case ToAgent.In(Frame.In frame) -> on(stream).ifPresent(p -> p.input(frame));
      case ToAgent.Stored(long offset, boolean exit) ->
          on(stream).ifPresent(p -> stored(stream, p, offset, exit));
    }
  }

  private String key(String uid) {
    return world.fault == Fault.NAME_FOR_UID ? world.truth(uid).name : uid;
  }

  private String meant(String instance) {
    return world.fault == Fault.INSTANCE_UNCHECKED ? fence.instance() : instance;
  }

  private void stored(
      Wire<ToWorker, ToAgent> stream, SimProcess process, long offset, boolean exit) {
    process.stored(offset);
    if (exit) {
      process.session.exitStored();
      if (process.session.forgettable()) {
        sessions.forget(key(process.truth.uid));
        running.remove(process.session);
        stream.toA.send(new ToWorker.Closed());
      }
    }
  }

  private void admit(
      Wire<ToWorker, ToAgent> stream,
      String uid,
      long from,
      boolean dropStdin,
      AgentSessions.Admission admission) {
    AgentSession session;
    switch (admission) {
      case AgentSessions.Admission.Refuse(RefusalReason reason, String message) -> {
        stream.toA.send(new ToWorker.Refused(reason, message));
        return;
      }
      case AgentSessions.Admission.Adopt(AgentSession known) -> session = known;
      case AgentSessions.Admission.Spawn() -> {
        SimProcess fresh = spawn(uid);
        session = fresh.session;
        sessions.add(key(uid), session);
        running.put(session, fresh);
        fresh.wake();
      }
    }
    SimProcess process = running.get(session);
    if (process != null) {
      world.require(
          Invariant.I8_NOT_MIXED,
          process.truth.uid.equals(uid),
          () -> "a stream for " + uid + " got the process of " + process.truth.uid);
      process.attach(stream, from, dropStdin);
    }
  }

  private SimProcess spawn(String uid) {
    Truth truth = world.truth(uid);
    if (truth.program.kind == SimProgram.Kind.NOT_FOUND) {
      return new SimProcess(world, truth, AgentSession.notStarted(127, "not found"));
    }
    world.processStarted(truth, fence);
    return new SimProcess(
        world, truth, AgentSession.running(++pids, true, EnumSet.allOf(StdStream.class)));
  }

  /** Size of a message on the wire that counts against its window. */
  static int size(Frame.Out frame) {
    return frame instanceof Frame.Output(StdStream _, long _, ByteString data) ? data.size() : 0;
  }
}
