package dev.orchard.controller.worker;

import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.WorkerFrame;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
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

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Attachment> expected = new ConcurrentHashMap<>();

  /**
   * Expects one stream of a worker, which the caller tells of the attachment's id.
   *
   * @param inbox gets all deliveries, on gRPC's threads: must not block
   */
  public Attachment expect(String worker, Consumer<Delivery> inbox) {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    String id = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    Attachment attachment = new Attachment(id, worker, inbox, this);
    expected.put(id, attachment);
    return attachment;
  }

  void forget(String id) {
    expected.remove(id);
  }

  /** Accepts one Rendezvous call of a worker. */
  StreamObserver<WorkerFrame> accept(ServerCallStreamObserver<ControllerFrame> stream) {
    StreamSender<ControllerFrame> sender = new StreamSender<>(stream);
    Answering answering = new Answering(stream, sender);
    stream.disableAutoRequest();
    stream.setOnCancelHandler(() -> answering.over("the worker cancelled the stream"));
    stream.request(1);
    return answering;
  }

  /** gRPC calls one observer by one thread at a time. */
  private final class Answering implements StreamObserver<WorkerFrame> {
    private final ServerCallStreamObserver<ControllerFrame> stream;
    private final StreamSender<ControllerFrame> sender;
    private volatile @Nullable Attachment attachment;

    Answering(
        ServerCallStreamObserver<ControllerFrame> stream, StreamSender<ControllerFrame> sender) {
      this.stream = stream;
      this.sender = sender;
    }

    @Override
    public void onNext(WorkerFrame message) {
      Attachment answered = attachment;
      if (answered != null) {
        answered.arrived(message);
        return;
      }
      Attachment asked = expected.remove(message.getAnswer().getAttachment());
      if (asked == null) {
        sender.fail(
            Status.NOT_FOUND.withDescription(
                "nobody waits for this attachment: its client has left, or it was answered"));
        return;
      }
      attachment = asked;
      if (!asked.open(stream, sender)) {
        sender.complete();
      }
    }

    @Override
    public void onError(Throwable failure) {
      over("the worker's stream broke: " + Status.fromThrowable(failure).getCode());
    }

    @Override
    public void onCompleted() {
      over(null);
      sender.complete();
    }

    private void over(@Nullable String failure) {
      Attachment answered = attachment;
      if (answered != null) {
        answered.peerEnded(failure);
      }
      if (failure != null) {
        sender.peerEnded();
      }
    }
  }
}
