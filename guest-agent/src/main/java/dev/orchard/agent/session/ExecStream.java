package dev.orchard.agent.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.session.RefusalReason;
import dev.orchard.proto.guest.v1.Attached;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.RefusalCode;
import dev.orchard.proto.guest.v1.Refused;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/**
 * An attachment over gRPC. One request is on its way at a time: the next is asked for when the loop
 * has taken the last.
 */
final class ExecStream implements Attachment, StreamObserver<ExecInput> {
  private final SessionLoop loop;
  private final ServerCallStreamObserver<ExecOutput> output;

  // Both are the loop's own, so that they change in the order in which requests came.
  private boolean inputClosed;
  private boolean ended;

  ExecStream(SessionLoop loop, ServerCallStreamObserver<ExecOutput> output) {
    this.loop = loop;
    this.output = output;
  }

  /** Lets the first request come. Before the service's method returns. */
  void open() {
    output.disableAutoRequest();
    output.setOnReadyHandler(loop::ready);
    output.setOnCancelHandler(() -> loop.left(this));
    output.request(1);
  }

  @Override
  public void onNext(ExecInput input) {
    Request request;
    try {
      request = Requests.decode(input);
    } catch (IllegalArgumentException e) {
      loop.invalid(this, e.getMessage() == null ? "invalid input" : e.getMessage());
      return;
    }
    loop.request(this, request);
  }

  @Override
  public void onCompleted() {
    loop.inputClosed(this);
  }

  @Override
  public void onError(Throwable error) {
    loop.left(this);
  }

  @Override
  public boolean ready() {
    return !ended && output.isReady();
  }

  @Override
  public void next() {
    if (!ended) {
      output.request(1);
    }
  }

  @Override
  public void closeInput() {
    inputClosed = true;
  }

  @Override
  public boolean inputClosed() {
    return inputClosed;
  }

  @Override
  public void attached(long stdinOffset, long stdinReceived) {
    send(
        ExecOutput.newBuilder()
            .setAttached(
                Attached.newBuilder().setStdinOffset(stdinOffset).setStdinReceived(stdinReceived))
            .build());
  }

  @Override
  public void frame(Frame.Out frame) {
    send(ExecOutput.newBuilder().setFrame(ProtoFrames.encode(frame)).build());
  }

  @Override
  public void refused(RefusalReason reason, String message) {
    send(
        ExecOutput.newBuilder()
            .setRefused(Refused.newBuilder().setCode(encode(reason)).setMessage(message))
            .build());
    end();
  }

  private void send(ExecOutput message) {
    if (!ended) {
      output.onNext(message);
    }
  }

  @Override
  public void end() {
    if (!ended) {
      ended = true;
      output.onCompleted();
    }
  }

  @Override
  public void broken(String message) {
    fail(Status.INVALID_ARGUMENT.withDescription(message));
  }

  @Override
  public void takenOver() {
    fail(Status.ABORTED.withDescription("a newer stream has taken the session over"));
  }

  private void fail(Status status) {
    if (!ended) {
      ended = true;
      output.onError(status.asRuntimeException());
    }
  }

  private static RefusalCode encode(RefusalReason reason) {
    return switch (reason) {
      case UNKNOWN_SESSION -> RefusalCode.UNKNOWN_SESSION;
      case OTHER_INSTANCE -> RefusalCode.OTHER_INSTANCE;
      case FORGOTTEN_SESSION -> RefusalCode.FORGOTTEN_SESSION;
      case INVALID_INPUT -> RefusalCode.INVALID_INPUT;
      case TOO_MANY_SESSIONS -> RefusalCode.TOO_MANY_SESSIONS;
    };
  }
}
