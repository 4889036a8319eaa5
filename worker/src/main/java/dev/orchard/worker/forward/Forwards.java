package dev.orchard.worker.forward;

import dev.orchard.proto.forward.v1.FailureCode;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.StreamListener;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmStatus;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/** The connections to VMs of this worker, and how many there may be. Any thread may call. */
public final class Forwards {
  /** Connections at a time, to all VMs together. */
  static final int MAX_FORWARDS = 512;

  /** Connects to the replica that waits for a forward. */
  public interface Opener {
    MessageStream<WorkerFrame> open(StreamListener<ControllerFrame> listener)
        throws InterruptedException;
  }

  private final Function<Uid, Optional<VmStatus>> vms;
  private final Semaphore slots = new Semaphore(MAX_FORWARDS);
  private final Set<Forward> opening = ConcurrentHashMap.newKeySet();

  /**
   * @param vms what is known of a VM right now; empty if it is not on this worker
   */
  public Forwards(Function<Uid, Optional<VmStatus>> vms) {
    this.vms = vms;
  }

  /** Answers the replica and connects, on a thread of its own; ends when either side does. */
  public void open(ForwardRequest request, Opener opener) {
    boolean served = slots.tryAcquire();
    Forward forward =
        new Forward(request, () -> vms.apply(request.vm()), served ? slots::release : () -> {});
    Thread.ofVirtual()
        .name("forward-" + request.vm() + "-" + request.port())
        .start(() -> {
          opening.add(forward);
          try {
            forward.answer(opener);
            if (served) {
              forward.connect();
            } else {
              forward.fail(
                  FailureCode.TOO_MANY,
                  "%d connections are forwarded by this worker already".formatted(MAX_FORWARDS));
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            opening.remove(forward);
          }
        });
  }

  /** Something about a VM is not as it was. */
  public void vmChanged(Uid vm) {
    opening.stream().filter(forward -> forward.vm().equals(vm)).forEach(Forward::wake);
  }
}
