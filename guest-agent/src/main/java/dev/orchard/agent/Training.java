package dev.orchard.agent;

import com.google.protobuf.ByteString;
import dev.orchard.agent.process.ProcessLauncher;
import dev.orchard.agent.session.AgentService;
import dev.orchard.agent.session.SessionLoop;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.link.Carrier;
import dev.orchard.exec.link.LinkChannel;
import dev.orchard.exec.link.LinkServer;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoRequest;
import dev.orchard.proto.guest.v1.ListRequest;
import dev.orchard.proto.guest.v1.Start;
import dev.orchard.proto.guest.v1.Stored;
import dev.orchard.proto.guest.v1.TtySize;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Does once what an agent in a VM does, so that a JVM that records an AOT cache meanwhile ({@code
 * -XX:AOTCacheOutput}) finds its classes loaded and linked. It talks to itself over a framed link.
 */
final class Training {
  private final GuestAgentGrpc.GuestAgentStub agent;
  private final GuestAgentGrpc.GuestAgentBlockingStub questions;
  private final String instance;

  private Training(LinkChannel channel) {
    this.agent = GuestAgentGrpc.newStub(channel).withWaitForReady();
    this.questions = GuestAgentGrpc.newBlockingStub(channel).withWaitForReady();
    this.instance = questions.info(InfoRequest.getDefaultInstance()).getInstance();
  }

  static void run() throws IOException, InterruptedException {
    ProcessLauncher launcher = new ProcessLauncher();
    launcher.warmUp();
    SessionLoop loop = SessionLoop.start("training", launcher, Agent.outputBudget());
    Pipe toGuest = Pipe.open();
    Pipe toHost = Pipe.open();
    AgentService service = new AgentService(loop, Agent.info());
    try (LinkServer _ = LinkServer.start("guest", () -> carrier(toGuest, toHost), service);
        LinkChannel channel = LinkChannel.open("host", () -> carrier(toHost, toGuest))) {
      Training training = new Training(channel);
      training.session(Start.newBuilder().setId("pipes").setStdin(true));
      TtySize size = TtySize.newBuilder().setRows(24).setCols(80).build();
      training.session(Start.newBuilder().setId("terminal").setStdin(true).setTty(size));
      training.questions.list(ListRequest.getDefaultInstance());
    }
    loop.stop();
  }

  private static Carrier carrier(Pipe in, Pipe out) {
    InputStream input = Channels.newInputStream(in.source());
    OutputStream output = Channels.newOutputStream(out.sink());
    return new Carrier() {
      @Override
      public InputStream input() {
        return input;
      }

      @Override
      public OutputStream output() {
        return output;
      }

      @Override
      public void close() throws IOException {
        input.close();
        output.close();
      }
    };
  }

  private void session(Start.Builder start) throws InterruptedException {
    BlockingQueue<ExecOutput> outputs = new LinkedBlockingQueue<>();
    StreamObserver<ExecInput> inputs = agent.exec(collect(outputs));
    start.setInstance(instance).addCommand("cat");
    inputs.onNext(ExecInput.newBuilder().setStart(start).build());
    Frame.Stdin stdin = new Frame.Stdin(0, ByteString.copyFromUtf8("hello\n"), true);
    inputs.onNext(ExecInput.newBuilder().setFrame(ProtoFrames.encode(stdin)).build());
    while (!outputs.take().getFrame().hasExit()) {
      // Started, acks and output pass by.
    }
    Stored stored = Stored.newBuilder().setExit(true).build();
    inputs.onNext(ExecInput.newBuilder().setStored(stored).build());
    inputs.onCompleted();
  }

  private static StreamObserver<ExecOutput> collect(BlockingQueue<ExecOutput> outputs) {
    return new StreamObserver<>() {
      @Override
      public void onNext(ExecOutput output) {
        outputs.add(output);
      }

      @Override
      public void onError(Throwable error) {
        throw new IllegalStateException("the agent ended the session", error);
      }

      @Override
      public void onCompleted() {}
    };
  }
}
