package dev.orchard.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.guest.v1.Attach;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.RefusalCode;
import dev.orchard.proto.guest.v1.Stored;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestAgent.Carriage.class)
@SuppressWarnings("NullAway.Init")
class AttachmentTest {
  @Parameter TestAgent.Carriage carriage;
  @TempDir Path folder;
  private TestAgent agent;

  @BeforeEach
  void start() throws IOException {
    agent = new TestAgent(carriage, folder);
  }

  @AfterEach
  void stop() throws Exception {
    agent.close();
  }

  @Test
  void resumesWhereTheWorkerHasStored() throws Exception {
    int size = 8 << 20;
    TestStream stream = agent.start(agent.command("s", "sh", "-c", bytesOf(size)));
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    Random random = new Random(7);
    Frame.Exit exit = null;
    while (exit == null) {
      stream.attached();
      assertThat(stream.frame()).isInstanceOf(Frame.Started.class);
      int frames = 1 + random.nextInt(60);
      for (int i = 0; i < frames && exit == null; i++) {
        switch (stream.frame()) {
          case Frame.Output output -> {
            assertThat(output.offset()).isEqualTo(received.size());
            received.writeBytes(output.data().toByteArray());
            // Some of it is told, some lost with the cut.
            if (random.nextBoolean()) {
              stream.stored(received.size(), false);
            }
          }
          case Frame.Exit end -> exit = end;
          case Frame.Out other -> throw new AssertionError(other);
        }
      }
      if (exit == null) {
        if (random.nextBoolean()) {
          stream.cut();
        }
        stream = agent.attach("s", received.size());
      }
    }

    assertThat(exit.stdoutBytes()).isEqualTo(size);
    assertThat(exit.stdoutSha256()).isEqualTo(sha256(received.toByteArray()));
  }

  @Test
  void resumesStdinWhereThePipeHasTakenIt() throws Exception {
    TestStream first = agent.start(agent.command("s", "cat").setStdin(true));
    first.attached();
    first.stdin(0, "before", false);
    first.until("before");
    first.cut();

    TestStream second = agent.attach("s", 6);

    assertThat(second.attached()).isEqualTo(6);
    second.stdin(0, "before and after", true);
    assertThat(second.finish().text()).isEqualTo(" and after");
  }

  @Test
  void hearsTheLastWordOfAWorkerThatClosesTheStreamBehindIt() throws Exception {
    for (int i = 0; i < 50; i++) {
      TestStream stream = agent.start(agent.command("s" + i, "true"));
      stream.attached();
      stream.finish();
      stream.stored(0, true);
      stream.halfClose();
      assertThat(stream.closed().isOk()).isTrue();
    }

    assertThat(agent.sessions()).isEmpty();
  }

  @Test
  void runsTheSameIdOnce() throws Exception {
    Path runs = folder.resolve("runs");
    String script = "echo run >> " + runs + "; echo done; sleep 1000";
    assertThat(agent.sessions()).isEmpty();
    TestStream first = agent.start(agent.command("s", "sh", "-c", script));
    TestStream second = agent.start(agent.command("s", "sh", "-c", script));

    assertThat(first.closed().getCode()).isEqualTo(Status.Code.ABORTED);
    second.attached();
    assertThat(second.until("done\n")).isEqualTo("done\n");
    TestStream third = agent.start(agent.command("s", "sh", "-c", script));
    third.attached();
    assertThat(third.until("done\n")).isEqualTo("done\n");
    assertThat(second.closed().getCode()).isEqualTo(Status.Code.ABORTED);
    assertThat(Files.readAllLines(runs)).containsExactly("run");
  }

  @Test
  void refusesWhatWasMeantForAnotherAgentOrIsNotKnown() throws Exception {
    assertThat(agent.start(agent.command("s", "true").setInstance("other")).refused().getCode())
        .isEqualTo(RefusalCode.OTHER_INSTANCE);
    Attach other = Attach.newBuilder().setId("s").setInstance("other").build();
    assertThat(agent.open(ExecInput.newBuilder().setAttach(other).build()).refused().getCode())
        .isEqualTo(RefusalCode.OTHER_INSTANCE);
    TestStream unknown = agent.attach("s", 0);
    assertThat(unknown.refused().getCode()).isEqualTo(RefusalCode.UNKNOWN_SESSION);
    assertThat(unknown.closed().isOk()).isTrue();
    assertThat(agent.sessions()).isEmpty();
  }

  @Test
  void refusesInputThatBreaksTheSchema() throws Exception {
    TestStream unopened =
        agent.open(ExecInput.newBuilder().setStored(Stored.getDefaultInstance()).build());
    assertThat(unopened.refused().getCode()).isEqualTo(RefusalCode.INVALID_INPUT);
    assertThat(agent.start(agent.command("s", "echo", "a\0b")).refused().getMessage())
        .isEqualTo("command: has a zero byte, which the kernel takes for its end");
    assertThat(agent.start(agent.command("s")).refused().getCode())
        .isEqualTo(RefusalCode.INVALID_INPUT);

    TestStream running = agent.start(agent.command("s", "sleep", "1000"));
    running.attached();
    running.send(ExecInput.getDefaultInstance());
    assertThat(running.closed().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    // The session itself is unharmed.
    TestStream again = agent.attach("s", 0);
    again.attached();
    again.send(new Frame.Signal("KILL"));
    assertThat(again.finish().exit().signal()).isEqualTo("KILL");
  }

  /** Bytes that are the same each time, and nowhere alike. */
  private static String bytesOf(long size) {
    return "yes 'the quick brown fox' | nl | head -c " + size;
  }

  private static ByteString sha256(byte[] bytes) throws Exception {
    return ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
