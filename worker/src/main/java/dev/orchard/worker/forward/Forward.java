package dev.orchard.worker.forward;

import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.proto.forward.v1.FailureCode;
import dev.orchard.proto.guest.v1.Connect;
import dev.orchard.proto.guest.v1.ForwardInput;
import dev.orchard.proto.worker.v1.Answer;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.worker.guest.Guest;
import dev.orchard.worker.stream.GrpcStream;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.StreamListener;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection. A thread waits for the VM's agent and asks it to connect, again where the way to
 * it breaks, until the request's time is over. From then on there is no thread: what one stream
 * hands over goes into the other, and the next message is asked for when that has room, so that
 * what is under way is bounded by the streams' windows.
 */
final class Forward {
  private static final String CAPABILITY = "forward";
  private static final Duration RETRY = Duration.ofMillis(100);

  private final ForwardRequest request;
  private final Supplier<Optional<VmStatus>> vm;
  private final Runnable onEnd;
  private final long deadline;
  private final Semaphore changes = new Semaphore(0);
  private final AtomicBoolean over = new AtomicBoolean();

  /** A message of the guest, or of the replica, is to be asked for once the other has room. */
  private final AtomicBoolean guestWaits = new AtomicBoolean();

  private final AtomicBoolean replicaWaits = new AtomicBoolean();
  private volatile @Nullable MessageStream<WorkerFrame> replica;
  private volatile @Nullable Attempt connected;

  /**
   * @param onEnd is told once
   */
  Forward(ForwardRequest request, Supplier<Optional<VmStatus>> vm, Runnable onEnd) {
    this.request = request;
    this.vm = vm;
    this.onEnd = onEnd;
    this.deadline = System.nanoTime() + request.timeout().toNanos();
  }

  Uid vm() {
    return request.vm();
  }

  /** Something that it waits for may have come. */
  void wake() {
    changes.release();
  }

  void answer(Forwards.Opener opener) throws InterruptedException {
    MessageStream<WorkerFrame> answering = opener.open(new FromReplica());
    answering.send(
        WorkerFrame.newBuilder()
            .setAnswer(Answer.newBuilder().setAttachment(request.id()))
            .build());
    replica = answering;
  }

  void connect() throws InterruptedException {
    while (!over.get()) {
      Optional<Guest> guest = vm.get().flatMap(status -> Optional.ofNullable(status.guest()));
      if (guest.isPresent() && tried(guest.get())) {
        return;
      }
      Duration left = left();
      if (left.isZero()) {
        fail(FailureCode.UNREACHABLE, whyUnreachable());
      } else {
        await(guest.isPresent() && RETRY.compareTo(left) < 0 ? RETRY : left);
      }
    }
  }

  /** False where it may be tried again. */
  private boolean tried(Guest guest) throws InterruptedException {
    if (!guest.capabilities().contains(CAPABILITY)) {
      fail(FailureCode.UNREACHABLE, "the guest agent cannot forward ports: renew its image");
      return true;
    }
    Attempt attempt = new Attempt();
    attempt.open(guest);
    while (attempt.waits() && !over.get() && !left().isZero()) {
      await(left());
    }
    if (attempt.begun()) {
      return true;
    }
    attempt.cancel();
    guest.suspect();
    return false;
  }

  private String whyUnreachable() {
    return vm.get()
        .map(status ->
            "no agent answers in the VM, which is %s %s"
                .formatted(status.state(), status.message()))
        .orElse("the VM is not on this worker")
        .strip();
  }

  private Duration left() {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  private void await(Duration longest) throws InterruptedException {
    var _ = changes.tryAcquire(longest.toNanos(), TimeUnit.NANOSECONDS);
    changes.drainPermits();
  }

  void fail(FailureCode code, String why) {
    if (!over.get()) {
      toReplica(new ForwardFrame.Failed(code, why));
      end();
    }
  }

  /** One thread at a time: while it connects its own, then the guest stream's. */
  private void toReplica(ForwardFrame frame) {
    MessageStream<WorkerFrame> open = replica;
    if (open != null && !over.get()) {
      open.send(WorkerFrame.newBuilder().setForward(frame.encode()).build());
      guestWaits.set(true);
      fromGuestIfRoom();
    }
  }

  private void fromGuestIfRoom() {
    move(guestWaits, replica, guest());
  }

  private void fromReplicaIfRoom() {
    move(replicaWaits, guest(), replica);
  }

  private @Nullable MessageStream<ForwardInput> guest() {
    Attempt open = connected;
    return open == null ? null : open.stream;
  }

  private static void move(
      AtomicBoolean waits, @Nullable MessageStream<?> to, @Nullable MessageStream<?> from) {
    if (to != null && from != null && to.isReady() && waits.compareAndSet(true, false)) {
      from.request(1);
    }
  }

  /** Nothing more is said to the replica. */
  private void end() {
    MessageStream<WorkerFrame> open = replica;
    if (over.compareAndSet(false, true)) {
      if (open != null) {
        open.complete();
      }
      onEnd.run();
    }
  }

  private enum Phase {
    WAITING,
    BEGUN,
    GIVEN_UP
  }

  /** The agent's end of one try, and from its first frame on of the connection. */
  private final class Attempt implements StreamListener<dev.orchard.proto.forward.v1.ForwardFrame> {
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);
    private volatile @Nullable MessageStream<ForwardInput> stream;

    void open(Guest guest) {
      MessageStream<ForwardInput> opened = GrpcStream.open(guest.agent()::forward, 1, this);
      stream = opened;
      connected = this;
      opened.send(
          ForwardInput.newBuilder()
              .setConnect(
                  Connect.newBuilder().setInstance(guest.instance()).setPort(request.port()))
              .build());
    }

    boolean waits() {
      return phase.get() == Phase.WAITING;
    }

    /** Whether the agent has said how it went; if not, it is not listened to any more. */
    boolean begun() {
      phase.compareAndSet(Phase.WAITING, Phase.GIVEN_UP);
      return phase.get() == Phase.BEGUN;
    }

    void cancel() {
      MessageStream<ForwardInput> open = stream;
      if (open != null) {
        open.cancel("the connection is over");
      }
    }

    @Override
    public void ready() {
      fromReplicaIfRoom();
    }

    @Override
    public void received(dev.orchard.proto.forward.v1.ForwardFrame message) {
      boolean first = phase.compareAndSet(Phase.WAITING, Phase.BEGUN);
      if (!first && phase.get() != Phase.BEGUN) {
        return;
      }
      wake();
      ForwardFrame frame = decode(message);
      toReplica(frame);
      if (frame instanceof ForwardFrame.Failed) {
        end();
        cancel();
      } else if (first) {
        replicaWaits.set(true);
        fromReplicaIfRoom();
      }
    }

    private static ForwardFrame decode(dev.orchard.proto.forward.v1.ForwardFrame message) {
      try {
        return ForwardFrame.decode(message);
      } catch (IllegalArgumentException e) {
        return new ForwardFrame.Failed(FailureCode.INVALID, "the agent sent " + e.getMessage());
      }
    }

    @Override
    public void ended(@Nullable String failure) {
      if (phase.get() != Phase.BEGUN) {
        phase.set(Phase.GIVEN_UP);
        wake();
      } else if (failure == null) {
        end();
      } else {
        fail(FailureCode.BROKEN, "the way to the guest agent broke: " + failure);
      }
    }
  }

  private final class FromReplica implements StreamListener<ControllerFrame> {
    @Override
    public void ready() {
      fromGuestIfRoom();
    }

    @Override
    public void received(ControllerFrame message) {
      MessageStream<ForwardInput> guest = guest();
      if (guest != null && !over.get()) {
        guest.send(ForwardInput.newBuilder().setFrame(message.getForward()).build());
        replicaWaits.set(true);
        fromReplicaIfRoom();
      }
    }

    /** Whoever asked has left: in-band is how one side alone ends. */
    @Override
    public void ended(@Nullable String failure) {
      end();
      Attempt open = connected;
      if (open != null) {
        open.cancel();
      }
      wake();
    }
  }
}
