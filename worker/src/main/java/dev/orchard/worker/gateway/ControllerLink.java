package dev.orchard.worker.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.session.SessionStatus;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmStatus;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link to one controller address, dialled for ever by a thread of its own.
 *
 * <ol>
 *   <li>Connect; register; report every VM and session; say that this was all.
 *   <li>Report what changes, the latest state of each thing once; obey what comes; a heartbeat when
 *       there was nothing else to say.
 *   <li>When the link breaks or falls silent: wait 1 to 10 s, begin again.
 * </ol>
 */
final class ControllerLink implements Noticeboard.Watcher {
  private static final Logger log = LoggerFactory.getLogger(ControllerLink.class);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);

  /** Without a word from the replica, its link is dead. */
  private static final Duration SILENCE = Duration.ofSeconds(45);

  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final long FIRST_RETRY_MILLIS = 1_000;
  private static final long LAST_RETRY_MILLIS = 10_000;

  /** Instructions that the replica may send ahead. */
  private static final int INSTRUCTIONS_AHEAD = 16;

  private final String address;
  private final ManagedChannel channel;
  private final WorkerGatewayGrpc.WorkerGatewayStub replica;
  private final WorkerIdentity identity;
  private final Noticeboard board;
  private final Gateway gateway;
  private final RandomGenerator random = RandomGenerator.getDefault();
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Map<Uid, VmStatus> vms = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final Map<Uid, SessionStatus> sessions = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final Queue<Instruction> instructions = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean connected;

  @GuardedBy("lock")
  private boolean promoted;

  @GuardedBy("lock")
  private @Nullable Status ended;

  /** What the link's thread does next. */
  private sealed interface Work {
    record Obey(Instruction instruction) implements Work {}

    record Report(WorkerReport report) implements Work {}

    record Pause() implements Work {}

    record End(Status why) implements Work {}
  }

  ControllerLink(
      String address,
      ManagedChannel channel,
      WorkerIdentity identity,
      Noticeboard board,
      Gateway gateway) {
    this.address = address;
    this.channel = channel;
    this.replica = WorkerGatewayGrpc.newStub(channel);
    this.identity = identity;
    this.board = board;
    this.gateway = gateway;
    board.watch(this);
    this.thread = Thread.ofVirtual().name("controller-" + address).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
    channel.shutdownNow();
  }

  boolean isConnected() {
    lock.lock();
    try {
      return connected;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void changed(VmStatus status) {
    lock.lock();
    try {
      if (connected) {
        vms.put(status.uid(), status);
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void changed(SessionStatus status) {
    lock.lock();
    try {
      if (connected) {
        sessions.put(status.uid(), status);
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** It is primary from now on, and says so. */
  void promote() {
    lock.lock();
    try {
      promoted = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    long retry = FIRST_RETRY_MILLIS;
    try {
      while (!Thread.interrupted()) {
        if (awaitChannel() && serve()) {
          retry = FIRST_RETRY_MILLIS;
        }
        Thread.sleep(retry / 2 + random.nextLong(retry));
        retry = Math.min(2 * retry, LAST_RETRY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("link is not looked after any more controller={}", address, e);
    }
  }

  private boolean awaitChannel() throws InterruptedException {
    channel.resetConnectBackoff();
    long deadline = System.nanoTime() + CONNECT.toNanos();
    ConnectivityState state = channel.getState(true);
    while (state != ConnectivityState.READY) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        log.info("controller cannot be reached address={} state={}", address, state);
        return false;
      }
      CountDownLatch change = new CountDownLatch(1);
      channel.notifyWhenStateChanged(state, change::countDown);
      var _ = change.await(left, TimeUnit.NANOSECONDS);
      ConnectivityState next = channel.getState(true);
      if (state == ConnectivityState.CONNECTING && next == ConnectivityState.TRANSIENT_FAILURE) {
        log.info("controller cannot be reached address={} state={}", address, next);
        return false;
      }
      state = next;
    }
    return true;
  }

  /** True if the replica ever answered. */
  private boolean serve() throws InterruptedException {
    begin();
    boolean primary = gateway.claim(this);
    Stream stream = new Stream();
    boolean greeted = false;
    try {
      replica.link(stream);
      stream.calls.onNext(Reports.register(identity, primary));
      board.repeat(this);
      boolean synced = false;
      long sentAt = System.nanoTime();
      long heardAt = sentAt;
      while (true) {
        long now = System.nanoTime();
        switch (next(stream, synced, HEARTBEAT.minusNanos(now - sentAt))) {
          case Work.Obey(Instruction instruction) -> {
            heardAt = now;
            greeted = true;
            obey(instruction);
            stream.calls.request(1);
          }
          case Work.Report(WorkerReport report) -> {
            synced |= report.hasSynced();
            sentAt = now;
            stream.calls.onNext(report);
          }
          case Work.Pause() -> {
            if (now - heardAt > SILENCE.toNanos()) {
              log.warn("controller fell silent address={}", address);
              return greeted;
            }
          }
          case Work.End(Status why) -> {
            log.info("link ended controller={} reason={}", address, why);
            return greeted;
          }
        }
      }
    } catch (StatusRuntimeException e) {
      log.warn("link broke controller={} reason={}", address, e.getStatus());
      return greeted;
    } finally {
      stream.cancel();
      end();
      gateway.release(this);
    }
  }

  private void begin() {
    lock.lock();
    try {
      vms.clear();
      sessions.clear();
      instructions.clear();
      promoted = false;
      ended = null;
      connected = true;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      connected = false;
    } finally {
      lock.unlock();
    }
  }

  private Work next(Stream stream, boolean synced, Duration untilHeartbeat)
      throws InterruptedException {
    lock.lock();
    try {
      Work work = pending(stream, synced, untilHeartbeat);
      long wait = stream.calls.isReady() ? untilHeartbeat.toNanos() : HEARTBEAT.toNanos();
      while (work == null && wait > 0) {
        wait = changed.awaitNanos(wait);
        work = pending(stream, synced, untilHeartbeat);
      }
      return work == null ? new Work.Pause() : work;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private @Nullable Work pending(Stream stream, boolean synced, Duration untilHeartbeat) {
    if (ended != null) {
      return new Work.End(ended);
    }
    Instruction instruction = instructions.poll();
    if (instruction != null) {
      return new Work.Obey(instruction);
    }
    if (!stream.calls.isReady()) {
      return null;
    }
    if (promoted) {
      promoted = false;
      return new Work.Report(Reports.register(identity, true));
    }
    VmStatus vm = takeFirst(vms);
    if (vm != null) {
      return new Work.Report(Reports.vm(vm));
    }
    SessionStatus session = takeFirst(sessions);
    if (session != null) {
      return new Work.Report(Reports.exec(session));
    }
    if (!synced) {
      return new Work.Report(Reports.SYNCED);
    }
    return untilHeartbeat.isPositive() ? null : new Work.Report(Reports.HEARTBEAT);
  }

  private static <T> @Nullable T takeFirst(Map<Uid, T> pending) {
    Iterator<T> first = pending.values().iterator();
    if (!first.hasNext()) {
      return null;
    }
    T taken = first.next();
    first.remove();
    return taken;
  }

  private void obey(Instruction instruction) throws InterruptedException {
    try {
      switch (instruction.getInstructionCase()) {
        case GREETING -> {
          log.info(
              "linked controller={} replica={}", address, instruction.getGreeting().getReplica());
          // It says so when it does not.
          gateway.kubernetesReachable(this, true);
        }
        case PUT_VM -> gateway.vms().put(Instructions.vm(instruction.getPutVm()));
        case DELETE_VM -> gateway.vms().delete(new Uid(instruction.getDeleteVm().getUid()));
        case START_EXEC -> {
          gateway.sessions().start(Instructions.session(instruction.getStartExec().getSpec()));
          if (instruction.getStartExec().hasAttachment()) {
            attach(instruction.getStartExec().getAttachment());
          }
        }
        case ATTACH -> attach(instruction.getAttach());
        case CANCEL_EXEC ->
            gateway
                .sessions()
                .cancel(
                    new Uid(instruction.getCancelExec().getUid()),
                    instruction.getCancelExec().getMessage());
        case EXEC_STORED ->
            gateway.sessions().acknowledge(new Uid(instruction.getExecStored().getUid()));
        case KUBERNETES ->
            gateway.kubernetesReachable(this, instruction.getKubernetes().getReachable());
        // An instruction of a newer version.
        case HEARTBEAT, INSTRUCTION_NOT_SET -> {}
      }
    } catch (IllegalArgumentException e) {
      log.warn("instruction is not obeyed controller={} reason={}", address, e.getMessage());
    }
  }

  private void attach(Attachment attachment) {
    gateway
        .sessions()
        .attach(
            Instructions.attachment(attachment),
            listener -> Rendezvous.open(replica, attachment.getId(), listener));
  }

  /** The carriage of the link: its callbacks leave word and wake the link's thread. */
  private final class Stream implements ClientResponseObserver<WorkerReport, Instruction> {
    private ClientCallStreamObserver<WorkerReport> calls;

    @SuppressWarnings("NullAway.Init")
    Stream() {}

    void cancel() {
      calls.cancel("the worker ends the link", null);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WorkerReport> requests) {
      calls = requests;
      requests.disableAutoRequestWithInitial(INSTRUCTIONS_AHEAD);
      requests.setOnReadyHandler(() -> tell(null, null));
    }

    @Override
    public void onNext(Instruction instruction) {
      tell(instruction, null);
    }

    @Override
    public void onError(Throwable why) {
      tell(null, Status.fromThrowable(why));
    }

    @Override
    public void onCompleted() {
      tell(null, Status.OK);
    }

    private void tell(@Nullable Instruction instruction, @Nullable Status end) {
      lock.lock();
      try {
        if (instruction != null) {
          instructions.add(instruction);
        }
        if (end != null && ended == null) {
          ended = end;
        }
        changed.signal();
      } finally {
        lock.unlock();
      }
    }
  }
}
