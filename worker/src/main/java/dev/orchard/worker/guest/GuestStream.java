package dev.orchard.worker.guest;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.session.RefusalReason;
import dev.orchard.proto.guest.v1.Attach;
import dev.orchard.proto.guest.v1.EnvVar;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.Refused;
import dev.orchard.proto.guest.v1.Start;
import dev.orchard.proto.guest.v1.Stored;
import dev.orchard.proto.guest.v1.TtySize;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;

/**
 * The stream of one session to its agent. Hands over one message at a time: the next one comes
 * after {@link #more}. What is sent is queued without a bound of its own: the session's core bounds
 * stdin (256 KiB), whoever sends else waits for {@link #takesMore}, and of what is stored an agent
 * that only talks is told the latest, once it listens.
 */
public final class GuestStream {
  private static final int MAX_MESSAGE = 4_096;

  /** Takes the messages of one stream, one at a time, on a thread of the channel. May block. */
  public interface Listener {
    void received(GuestStream stream, GuestMessage message) throws InterruptedException;
  }

  private final Observer observer;

  private GuestStream(Listener listener) {
    this.observer = new Observer(this, listener);
  }

  /** Runs a command, or attaches at offset 0 where this instance knows the id. */
  public static GuestStream start(Guest guest, String id, Command command, Listener listener) {
    Start.Builder start =
        Start.newBuilder()
            .setId(id)
            .setInstance(guest.instance())
            .addAllCommand(command.arguments())
            .setWorkingDir(command.workingDirectory())
            .setUser(command.user())
            .setStdin(command.stdin());
    for (Command.Variable variable : command.environment()) {
      start.addEnv(EnvVar.newBuilder().setName(variable.name()).setValue(variable.value()));
    }
    Command.Terminal terminal = command.terminal();
    if (terminal != null) {
      start.setTty(TtySize.newBuilder().setRows(terminal.rows()).setCols(terminal.columns()));
    }
    return open(guest, ExecInput.newBuilder().setStart(start).build(), listener);
  }

  /**
   * Resumes a session whose output before {@code from} is stored.
   *
   * @param dropStdin makes the agent forget what stdin's pipe has not taken
   */
  public static GuestStream attach(
      Guest guest, String id, long from, boolean dropStdin, Listener listener) {
    Attach.Builder attach =
        Attach.newBuilder()
            .setId(id)
            .setInstance(guest.instance())
            .setFrom(from)
            .setDropStdin(dropStdin);
    return open(guest, ExecInput.newBuilder().setAttach(attach).build(), listener);
  }

  private static GuestStream open(Guest guest, ExecInput first, Listener listener) {
    GuestStream stream = new GuestStream(listener);
    guest.agent().exec(stream.observer);
    stream.observer.send(first);
    return stream;
  }

  public void send(Frame.In frame) {
    observer.send(ExecInput.newBuilder().setFrame(ProtoFrames.encode(frame)).build());
  }

  /** Lets the agent forget what is stored here. */
  public void stored(long offset, boolean exit) {
    observer.stored(
        ExecInput.newBuilder()
            .setStored(Stored.newBuilder().setOffset(offset).setExit(exit))
            .build());
  }

  /** The last message was dealt with. */
  public void more() {
    observer.calls.request(1);
  }

  /** Whether the agent takes what it is sent. */
  public boolean takesMore() {
    return observer.calls.isReady();
  }

  /** The session in the guest lives on, and its agent is free of this stream at once. */
  public void close() {
    observer.calls.cancel("the worker closes the stream", null);
  }

  private static GuestMessage message(ExecOutput output) {
    return switch (output.getOutputCase()) {
      case ATTACHED -> {
        long offset = output.getAttached().getStdinOffset();
        long received = output.getAttached().getStdinReceived();
        yield offset < 0 || received < offset
            ? new GuestMessage.Invalid(
                "it received stdin up to %d and its pipe took %d".formatted(received, offset))
            : new GuestMessage.Attached(offset, received);
      }
      case FRAME -> frame(output.getFrame());
      case REFUSED -> refused(output.getRefused());
      case OUTPUT_NOT_SET -> new GuestMessage.Invalid("an empty message");
    };
  }

  private static GuestMessage frame(dev.orchard.proto.frame.v1.Frame message) {
    try {
      return ProtoFrames.decode(message) instanceof Frame.Out frame
          ? new GuestMessage.Received(frame)
          : new GuestMessage.Invalid("a frame that only clients send");
    } catch (InvalidFrameException e) {
      return new GuestMessage.Invalid(String.valueOf(e.getMessage()));
    }
  }

  private static GuestMessage refused(Refused refused) {
    String words = refused.getMessage();
    String message = words.length() > MAX_MESSAGE ? words.substring(0, MAX_MESSAGE) : words;
    return switch (refused.getCode()) {
      case UNKNOWN_SESSION -> new GuestMessage.Refused(RefusalReason.UNKNOWN_SESSION, message);
      case OTHER_INSTANCE -> new GuestMessage.Refused(RefusalReason.OTHER_INSTANCE, message);
      case FORGOTTEN_SESSION -> new GuestMessage.Refused(RefusalReason.FORGOTTEN_SESSION, message);
      case INVALID_INPUT -> new GuestMessage.Refused(RefusalReason.INVALID_INPUT, message);
      case TOO_MANY_SESSIONS -> new GuestMessage.Refused(RefusalReason.TOO_MANY_SESSIONS, message);
      case REFUSAL_CODE_UNSPECIFIED, UNRECOGNIZED ->
          new GuestMessage.Invalid("a refusal without a code");
    };
  }

  private static final class Observer implements ClientResponseObserver<ExecInput, ExecOutput> {
    private final GuestStream stream;
    private final Listener listener;
    private ClientCallStreamObserver<ExecInput> calls;

    /** What is stored, as of the last time that the agent could not be told. */
    private @Nullable ExecInput untold;

    @SuppressWarnings("NullAway.Init")
    Observer(GuestStream stream, Listener listener) {
      this.stream = stream;
      this.listener = listener;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ExecInput> requests) {
      calls = requests;
      requests.disableAutoRequestWithInitial(1);
      requests.setOnReadyHandler(this::tellStored);
    }

    synchronized void send(ExecInput input) {
      calls.onNext(input);
    }

    synchronized void stored(ExecInput latest) {
      untold = latest;
      tellStored();
    }

    private synchronized void tellStored() {
      if (untold != null && calls.isReady()) {
        calls.onNext(untold);
        untold = null;
      }
    }

    @Override
    public void onNext(ExecOutput output) {
      tell(message(output));
    }

    @Override
    public void onError(Throwable why) {
      tell(new GuestMessage.Broken(Status.fromThrowable(why).toString()));
    }

    @Override
    public void onCompleted() {
      tell(new GuestMessage.Ended());
    }

    private void tell(GuestMessage message) {
      try {
        listener.received(stream, message);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
