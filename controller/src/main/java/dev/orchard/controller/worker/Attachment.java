package dev.orchard.controller.worker;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This replica's end of one rendezvous stream. Holds one frame at most that its owner has not asked
 * for: gRPC's window holds back the rest at the worker.
 *
 * <p>The consumer of deliveries is called on gRPC's threads and must not block. All methods may be
 * called by any thread, {@link #send} by one at a time.
 */
public final class Attachment implements AutoCloseable {
  private final String id;
  private final String worker;
  private final Consumer<Delivery> inbox;
  private final Rendezvous rendezvous;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable ServerCallStreamObserver<ControllerFrame> stream;

  @GuardedBy("lock")
  private @Nullable StreamSender<ControllerFrame> sender;

  @GuardedBy("lock")
  private boolean over;

  Attachment(String id, String worker, Consumer<Delivery> inbox, Rendezvous rendezvous) {
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
    ServerCallStreamObserver<ControllerFrame> open;
    lock.lock();
    try {
      open = over ? null : stream;
    } finally {
      lock.unlock();
    }
    if (open != null) {
      open.request(1);
    }
  }

  /** Sends once the worker takes more. False if the stream is over or took nothing that long. */
  public boolean send(Frame.In frame, Duration patience) throws InterruptedException {
    StreamSender<ControllerFrame> open;
    lock.lock();
    try {
      open = over ? null : sender;
    } finally {
      lock.unlock();
    }
    return open != null
        && open.send(
            ControllerFrame.newBuilder().setFrame(ProtoFrames.encode(frame)).build(), patience);
  }

  /** Leaves. Nothing is delivered any more. */
  @Override
  public void close() {
    rendezvous.forget(id);
    StreamSender<ControllerFrame> open = end();
    if (open != null) {
      open.complete();
    }
  }

  /** The stream that answers; false if its owner left meanwhile. */
  boolean open(
      ServerCallStreamObserver<ControllerFrame> answer, StreamSender<ControllerFrame> answering) {
    lock.lock();
    try {
      if (over) {
        return false;
      }
      stream = answer;
      sender = answering;
    } finally {
      lock.unlock();
    }
    inbox.accept(new Delivery.Opened());
    return true;
  }

  void arrived(WorkerFrame message) {
    try {
      switch (ProtoFrames.decode(message.getFrame())) {
        case Frame.Out frame -> inbox.accept(new Delivery.Arrived(frame));
        case Frame.In frame ->
            fail("worker %s sent %s, which only clients send".formatted(worker, frame));
      }
    } catch (InvalidFrameException e) {
      fail("worker %s sent a frame that is not one: %s".formatted(worker, e.getMessage()));
    }
  }

  void peerEnded(@Nullable String failure) {
    StreamSender<ControllerFrame> open = end();
    if (open != null) {
      inbox.accept(new Delivery.Ended(failure));
    }
  }

  private void fail(String why) {
    StreamSender<ControllerFrame> open = end();
    if (open != null) {
      inbox.accept(new Delivery.Ended(why));
      open.fail(Status.INVALID_ARGUMENT.withDescription(why));
    }
  }

  /** The sender, to whoever ends the stream first. */
  private @Nullable StreamSender<ControllerFrame> end() {
    lock.lock();
    try {
      StreamSender<ControllerFrame> open = over ? null : sender;
      over = true;
      return open;
    } finally {
      lock.unlock();
    }
  }
}
