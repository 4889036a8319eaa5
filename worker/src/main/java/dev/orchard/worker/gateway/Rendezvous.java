package dev.orchard.worker.gateway;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.Answer;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.worker.road.Road;
import dev.orchard.worker.session.Peer;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.StreamListener;
import org.jspecify.annotations.Nullable;

/**
 * The stream of one attachment. Outwards it is sent to only while it is ready, inwards it is asked
 * for one frame at a time, so that what is under way is bounded by the stream's window.
 */
final class Rendezvous implements Peer, StreamListener<ControllerFrame> {
  private final Peer.Listener listener;
  private MessageStream<WorkerFrame> stream;

  @SuppressWarnings("NullAway.Init")
  private Rendezvous(Peer.Listener listener) {
    this.listener = listener;
  }

  /**
   * Answers an attachment on the road of the link that it was asked for on.
   *
   * @param replica that has asked
   */
  static Rendezvous open(Road road, String replica, String attachment, Peer.Listener listener)
      throws InterruptedException {
    Rendezvous rendezvous = new Rendezvous(listener);
    rendezvous.stream = road.rendezvous(replica, rendezvous);
    rendezvous.stream.send(
        WorkerFrame.newBuilder().setAnswer(Answer.newBuilder().setAttachment(attachment)).build());
    return rendezvous;
  }

  @Override
  public void ready() {
    listener.wake();
  }

  @Override
  public boolean isReady() {
    return stream.isReady();
  }

  @Override
  public void send(Frame.Out frame) {
    stream.send(WorkerFrame.newBuilder().setFrame(ProtoFrames.encode(frame)).build());
  }

  @Override
  public void complete() {
    stream.complete();
  }

  @Override
  public void more() {
    stream.request(1);
  }

  @Override
  public void received(ControllerFrame message) {
    try {
      if (ProtoFrames.decode(message.getFrame()) instanceof Frame.In frame) {
        listener.received(frame);
      } else {
        listener.invalid("a frame that only sessions send");
      }
    } catch (InvalidFrameException e) {
      listener.invalid(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void ended(@Nullable String failure) {
    listener.closed();
  }
}
