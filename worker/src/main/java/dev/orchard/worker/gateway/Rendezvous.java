package dev.orchard.worker.gateway;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.Answer;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.worker.session.Peer;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;

/**
 * The stream of one attachment. Outwards it is sent to only while it is ready, inwards it is asked
 * for one frame at a time, so that what is under way is bounded by HTTP/2's window.
 */
final class Rendezvous implements Peer, ClientResponseObserver<WorkerFrame, ControllerFrame> {
  private final Peer.Listener listener;
  private ClientCallStreamObserver<WorkerFrame> calls;

  @SuppressWarnings("NullAway.Init")
  private Rendezvous(Peer.Listener listener) {
    this.listener = listener;
  }

  /** Answers an attachment on the channel of the link that it was asked for on. */
  static Rendezvous open(
      WorkerGatewayGrpc.WorkerGatewayStub replica, String attachment, Peer.Listener listener) {
    Rendezvous rendezvous = new Rendezvous(listener);
    replica.rendezvous(rendezvous);
    rendezvous.calls.onNext(
        WorkerFrame.newBuilder().setAnswer(Answer.newBuilder().setAttachment(attachment)).build());
    return rendezvous;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<WorkerFrame> requests) {
    calls = requests;
    requests.disableAutoRequestWithInitial(0);
    requests.setOnReadyHandler(listener::wake);
  }

  @Override
  public boolean isReady() {
    return calls.isReady();
  }

  @Override
  public void send(Frame.Out frame) {
    calls.onNext(WorkerFrame.newBuilder().setFrame(ProtoFrames.encode(frame)).build());
  }

  @Override
  public void complete() {
    calls.onCompleted();
  }

  @Override
  public void more() {
    calls.request(1);
  }

  @Override
  public void onNext(ControllerFrame message) {
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
  public void onError(Throwable why) {
    listener.closed();
  }

  @Override
  public void onCompleted() {
    listener.closed();
  }
}
