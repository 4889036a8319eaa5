import com.google.protobuf.ByteString;
import dev.orchard.exec.link.Carrier;
import dev.orchard.exec.link.LinkChannel;
import dev.orchard.proto.frame.v1.Frame;
import dev.orchard.proto.frame.v1.Output;
import dev.orchard.proto.frame.v1.Resize;
import dev.orchard.proto.frame.v1.Signal;
import dev.orchard.proto.frame.v1.Stdin;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoRequest;
import dev.orchard.proto.guest.v1.ListRequest;
import dev.orchard.proto.guest.v1.Start;
import dev.orchard.proto.guest.v1.Stored;
import dev.orchard.proto.guest.v1.TtySize;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Drives an agent through what it does in a guest, so that the JVM that runs it learns what to keep
 * in its AOT cache. The arguments start the agent; its port is their stdin and stdout, which they
 * announce by a line. The last command that it is given ends it.
 */
final class Train {
  private static final long PATIENCE_SECONDS = 60;

  private final GuestAgentGrpc.GuestAgentBlockingV2Stub agent;
  private final String instance;

  private Train(LinkChannel channel) throws StatusException {
    agent =
        GuestAgentGrpc.newBlockingV2Stub(channel)
            .withWaitForReady()
            .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    instance = agent.info(InfoRequest.getDefaultInstance()).getInstance();
  }

  public static void main(String[] command) throws Exception {
    Logger.getLogger("").setLevel(Level.WARNING);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      while (process.getInputStream().read() != '\n') {}
      try (LinkChannel channel = LinkChannel.open("training", () -> new Port(process))) {
        new Train(channel).run();
      }
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the agent did not end");
      }
    } finally {
      process.destroyForcibly();
    }
  }

  private void run() throws Exception {
    for (int round = 0; round < 3; round++) {
      exec(
          start("sh", "-c", "cat; echo error >&2; exit 3").setStdin(true),
          Frame.newBuilder().setStdin(Stdin.newBuilder().setData(ByteString.copyFromUtf8("input"))),
          Frame.newBuilder().setStdin(Stdin.newBuilder().setOffset(5).setEof(true)));
      exec(
          start("sh", "-c", "stty size; read line; stty size")
              .setStdin(true)
              .setTty(TtySize.newBuilder().setRows(24).setCols(80)),
          Frame.newBuilder().setResize(Resize.newBuilder().setRows(50).setCols(132)),
          Frame.newBuilder().setStdin(Stdin.newBuilder().setData(ByteString.copyFromUtf8("\n"))));
      exec(
          start("sleep", "100"),
          Frame.newBuilder().setSignal(Signal.newBuilder().setSignal("TERM")));
      exec(start("/nowhere/to/be/found"));
    }
    exec(start("head", "-c", "4000000", "/dev/zero"));
    agent.list(ListRequest.getDefaultInstance());
    exec(start("sh", "-c", "(sleep 1; kill $PPID) > /dev/null 2>&1 &"));
  }

  private Start.Builder start(String... command) {
    return Start.newBuilder()
        .setId(UUID.randomUUID().toString())
        .setInstance(instance)
        .addAllCommand(List.of(command));
  }

  private void exec(Start.Builder start, Frame.Builder... frames) throws Exception {
    BlockingClientCall<ExecInput, ExecOutput> call = agent.exec();
    call.write(ExecInput.newBuilder().setStart(start).build());
    for (Frame.Builder frame : frames) {
      call.write(ExecInput.newBuilder().setFrame(frame).build());
    }
    for (ExecOutput output = call.read(); output != null; output = call.read()) {
      if (output.hasRefused()) {
        throw new IllegalStateException(output.getRefused().getMessage());
      }
      Frame frame = output.getFrame();
      if (frame.hasStdout()) {
        stored(call, frame.getStdout());
      }
      if (frame.hasStderr()) {
        stored(call, frame.getStderr());
      }
      if (frame.hasExit()) {
        call.write(ExecInput.newBuilder().setStored(Stored.newBuilder().setExit(true)).build());
        call.halfClose();
      }
    }
  }

  private static void stored(BlockingClientCall<ExecInput, ExecOutput> call, Output output)
      throws Exception {
    long end = output.getOffset() + output.getData().size();
    call.write(ExecInput.newBuilder().setStored(Stored.newBuilder().setOffset(end)).build());
  }

  /** The terminal that the agent takes for its port. */
  private record Port(Process process) implements Carrier {
    @Override
    public InputStream input() {
      return process.getInputStream();
    }

    @Override
    public OutputStream output() {
      return new FlushingOutput(process.getOutputStream());
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
    }
  }

  private static final class FlushingOutput extends FilterOutputStream {
    FlushingOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      out.flush();
    }
  }
}
