package dev.orchard.controller.worker;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * This replica's end of one rendezvous stream. Holds one frame at most that its owner has not asked
 * for: the stream's window holds back the rest at the worker.
 *
 * <p>The consumer of deliveries is called on the stream's threads and must not block. All methods
 * may be called by any thread, {@link #send} by one at a time.
 */
public final class Attachment<I, O> implements AutoCloseable {
  /**
   * What the messages of one kind of attachment hold.
   *
   * @param decode throws {@link IllegalArgumentException} for what no worker may send
   */
  record Codec<I, O>(Function<I, ControllerFrame> encode, Function<WorkerFrame, O> decode) {}

  private final Codec<I, O> codec;
  private final String id;
  private final String worker;
  private final Consumer<Delivery<O>> inbox;
  private final Rendezvous rendezvous;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable WorkerStream<ControllerFrame> sender;

  @GuardedBy("lock")
  private boolean over;

  Attachment(
      Codec<I, O> codec,
      String id,
      String worker,
      Consumer<Delivery<O>> inbox,
      Rendezvous rendezvous) {
    this.codec = codec;
    this.id = id;
    this.worker = worker;
    this.inbox = inbox;
    this.rendezvous = rendezvous;
  }

  /** Random and used once: whoever answers with it is the worker that was told. */
  public String id() {
    return id;
  }

  /** Who was told. */
  public String worker() {
    return worker;
  }

  /** Lets one more frame come. To be called once {@link Delivery.Opened} and each frame is done. */
  public void request() {
    WorkerStream<ControllerFrame> open = open();
    if (open != null) {
      open.request();
    }
  }

  /** Sends once the worker takes more. False if the stream is over or took nothing that long. */
  public boolean send(I frame, Duration patience) throws InterruptedException {
    WorkerStream<ControllerFrame> open = open();
    return open != null && open.send(codec.encode().apply(frame), patience);
  }

  private @Nullable WorkerStream<ControllerFrame> open() {
    lock.lock();
    try {
      return over ? null : sender;
    } finally {
      lock.unlock();
    }
  }

  /** Leaves. Nothing is delivered any more. */
  @Override
  public void close() {
    rendezvous.forget(id);
    WorkerStream<ControllerFrame> open = end();
    if (open != null) {
      open.complete();
    }
  }

  /** The stream that answers; false if its owner left meanwhile. */
  boolean open(WorkerStream<ControllerFrame> answering) {
    lock.lock();
    try {
      if (over) {
        return false;
      }
      sender = answering;
    } finally {
      lock.unlock();
    }
    inbox.accept(new Delivery.Opened<>());
    return true;
  }

  /** Nobody will answer, unless somebody has. */
  void unanswered(String why) {
    lock.lock();
    try {
      if (over || sender != null) {
        return;
      }
      over = true;
    } finally {
      lock.unlock();
    }
    inbox.accept(new Delivery.Ended<>(why));
  }

  void arrived(WorkerFrame message) {
    O frame;
    try {
      frame = codec.decode().apply(message);
    } catch (IllegalArgumentException e) {
      fail("worker %s sent a frame that is not one: %s".formatted(worker, e.getMessage()));
      return;
    }
    inbox.accept(new Delivery.Arrived<>(frame));
  }

  void peerEnded(@Nullable String failure) {
    WorkerStream<ControllerFrame> open = end();
    if (open != null) {
      inbox.accept(new Delivery.Ended<>(failure));
    }
  }

  private void fail(String why) {
    WorkerStream<ControllerFrame> open = end();
    if (open != null) {
      inbox.accept(new Delivery.Ended<>(why));
      open.fail(new StreamEnd(StreamEnd.Kind.INVALID, why));
    }
  }

  /** The sender, to whoever ends the stream first. */
  private @Nullable WorkerStream<ControllerFrame> end() {
    lock.lock();
    try {
      WorkerStream<ControllerFrame> open = over ? null : sender;
      over = true;
      return open;
    } finally {
      lock.unlock();
    }
  }
}
