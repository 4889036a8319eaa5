package dev.orchard.controller.worker;

import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings attachments and the worker streams that answer them together. An id is good for one answer
 * and until its owner closes the attachment; being random, known only to the worker that was told
 * over its authenticated link, it is that stream's credential.
 */
public final class Rendezvous {
  private static final int ID_BYTES = 24;

  private static final Attachment.Codec<Frame.In, Frame.Out> SESSION =
      new Attachment.Codec<>(
          frame -> ControllerFrame.newBuilder().setFrame(ProtoFrames.encode(frame)).build(),
          Rendezvous::out);

  private static final Attachment.Codec<ForwardFrame, ForwardFrame> FORWARD =
      new Attachment.Codec<>(
          frame -> ControllerFrame.newBuilder().setForward(frame.encode()).build(),
          message -> ForwardFrame.decode(message.getForward()));

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Attachment<?, ?>> expected = new ConcurrentHashMap<>();

  /**
   * Expects the stream of a session, whose worker the caller tells of the attachment's id.
   *
   * @param inbox gets all deliveries, on the carriage's threads: must not block
   */
  public Attachment<Frame.In, Frame.Out> expect(
      String worker, Consumer<Delivery<Frame.Out>> inbox) {
    return expect(SESSION, worker, inbox);
  }

  /** Expects the stream of a forwarded port, in the same way. */
  public Attachment<ForwardFrame, ForwardFrame> expectForward(
      String worker, Consumer<Delivery<ForwardFrame>> inbox) {
    return expect(FORWARD, worker, inbox);
  }

  private <I, O> Attachment<I, O> expect(
      Attachment.Codec<I, O> codec, String worker, Consumer<Delivery<O>> inbox) {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    String id = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    Attachment<I, O> attachment = new Attachment<>(codec, id, worker, inbox, this);
    expected.put(id, attachment);
    return attachment;
  }

  private static Frame.Out out(WorkerFrame message) {
    return switch (ProtoFrames.decode(message.getFrame())) {
      case Frame.Out frame -> frame;
      case Frame.In frame ->
          throw new IllegalArgumentException("only clients send %s".formatted(frame));
    };
  }

  void forget(String id) {
    expected.remove(id);
  }

  /**
   * A link of the worker is over: what it was asked and has not answered yet may never have reached
   * it. Whoever waits hears of it now, and asks again.
   */
  void abandon(String worker) {
    for (Attachment<?, ?> asked : expected.values()) {
      if (asked.worker().equals(worker)) {
        asked.unanswered("the link of worker " + worker + " is over");
      }
    }
  }

  /** Accepts one rendezvous of a worker. */
  public StreamReceiver<WorkerFrame> accept(WorkerStream<ControllerFrame> stream) {
    return new Answering(stream);
  }

  /** One thread at a time calls. */
  private final class Answering implements StreamReceiver<WorkerFrame> {
    private final WorkerStream<ControllerFrame> stream;
    private volatile @Nullable Attachment<?, ?> attachment;

    Answering(WorkerStream<ControllerFrame> stream) {
      this.stream = stream;
    }

    @Override
    public void received(WorkerFrame message) {
      Attachment<?, ?> answered = attachment;
      if (answered != null) {
        answered.arrived(message);
        return;
      }
      Attachment<?, ?> asked = expected.remove(message.getAnswer().getAttachment());
      if (asked == null) {
        stream.fail(
            new StreamEnd(
                StreamEnd.Kind.NOT_FOUND,
                "nobody waits for this attachment: its client has left, or it was answered"));
        return;
      }
      attachment = asked;
      if (!asked.open(stream)) {
        stream.complete();
      }
    }

    @Override
    public void ended(@Nullable String failure) {
      Attachment<?, ?> answered = attachment;
      if (answered != null) {
        answered.peerEnded(failure);
      }
    }
  }
}
