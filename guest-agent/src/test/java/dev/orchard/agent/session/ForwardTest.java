package dev.orchard.agent.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.orchard.agent.forward.Forwards;
import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.proto.forward.v1.FailureCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections to a program on this machine's loopback, through the agent. */
@ParameterizedClass
@EnumSource(TestAgent.Carriage.class)
@SuppressWarnings("NullAway.Init")
class ForwardTest {
  private static final int MIB = 1 << 20;
  private static final byte[] IPV6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  @Parameter TestAgent.Carriage carriage;
  @TempDir Path folder;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private TestAgent agent;
  private ServerSocket program;

  @BeforeEach
  void start() throws IOException {
    agent = new TestAgent(carriage, folder);
    program = new ServerSocket(0, 256, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
  }

  @AfterEach
  void stop() throws Exception {
    agent.close();
    program.close();
    threads.shutdownNow();
  }

  private TestForward opened() throws InterruptedException {
    TestForward forward = agent.forward(program.getLocalPort());
    assertThat(forward.next()).isEqualTo(new ForwardFrame.Opened());
    return forward;
  }

  private static byte[] untilHalfClosed(TestForward forward) throws InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (forward.next() instanceof ForwardFrame.Data(ByteString data)) {
      bytes.writeBytes(data.toByteArray());
    }
    return bytes.toByteArray();
  }

  private static byte[] random(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private <T> Future<T> meanwhile(Callable<T> task) {
    return threads.submit(task);
  }

  private static <T> T result(Future<T> task) throws Exception {
    return task.get(60, TimeUnit.SECONDS);
  }

  @Test
  void carriesSixteenMebibytesEachWayAtOnce() throws Exception {
    byte[] up = random(1, 16 * MIB);
    byte[] down = random(2, 16 * MIB);
    TestForward forward = opened();
    try (Socket socket = program.accept()) {
      Future<byte[]> gotByProgram = meanwhile(() -> socket.getInputStream().readAllBytes());
      Future<Void> sentByProgram =
          meanwhile(() -> {
            socket.getOutputStream().write(down);
            socket.shutdownOutput();
            return null;
          });
      Future<Void> sent =
          meanwhile(() -> {
            forward.send(up);
            forward.send(new ForwardFrame.HalfClose());
            return null;
          });

      assertThat(untilHalfClosed(forward)).isEqualTo(down);
      assertThat(result(gotByProgram)).isEqualTo(up);
      result(sent);
      result(sentByProgram);
      assertThat(forward.closed().isOk()).isTrue();
    }
  }

  @Test
  void theClientsHalfMayEndFirst() throws Exception {
    TestForward forward = opened();
    try (Socket socket = program.accept()) {
      forward.send("question".getBytes(StandardCharsets.UTF_8));
      forward.send(new ForwardFrame.HalfClose());
      assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("question");

      socket.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();

      assertThat(untilHalfClosed(forward)).asString().isEqualTo("answer");
      assertThat(forward.closed().isOk()).isTrue();
    }
  }

  @Test
  void theProgramsHalfMayEndFirst() throws Exception {
    TestForward forward = opened();
    try (Socket socket = program.accept()) {
      socket.shutdownOutput();
      assertThat(untilHalfClosed(forward)).isEmpty();

      forward.send("late".getBytes(StandardCharsets.UTF_8));
      forward.send(new ForwardFrame.HalfClose());

      assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("late");
      assertThat(forward.closed().isOk()).isTrue();
    }
  }

  @Test
  void whereNothingListensItIsRefusedBeforeAnyByte() throws Exception {
    int port = program.getLocalPort();
    program.close();

    TestForward forward = agent.forward(port);

    assertThat(forward.next())
        .isInstanceOfSatisfying(
            ForwardFrame.Failed.class,
            failed -> {
              assertThat(failed.code()).isEqualTo(FailureCode.REFUSED);
              assertThat(failed.message()).contains("port " + port, "Connection refused");
            });
    assertThat(forward.closed().isOk()).isTrue();
  }

  @Test
  void aProgramThatListensOnIpv6AloneIsFound() throws Exception {
    program.close();
    program = new ServerSocket(0, 1, InetAddress.getByAddress(IPV6));

    TestForward forward = opened();

    try (Socket socket = program.accept()) {
      assertThat(socket.isConnected()).isTrue();
      forward.leave();
    }
  }

  @Test
  void aWorkerThatLeavesResetsTheConnection() throws Exception {
    TestForward forward = opened();
    try (Socket socket = program.accept()) {
      forward.leave();

      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
  }

  @Test
  void aProgramThatBreaksTheConnectionIsTold() throws Exception {
    TestForward forward = opened();
    try (Socket socket = program.accept()) {
      socket.setSoLinger(true, 0);
    }

    assertThat(forward.next())
        .isInstanceOfSatisfying(
            ForwardFrame.Failed.class,
            failed -> assertThat(failed.code()).isEqualTo(FailureCode.BROKEN));
    assertThat(forward.closed().isOk()).isTrue();
  }

  @Test
  void anotherInstanceAndNoPortAreRefused() throws Exception {
    TestForward other = agent.forward("another", program.getLocalPort());
    assertThat(((ForwardFrame.Failed) other.next()).code()).isEqualTo(FailureCode.INVALID);

    TestForward zero = agent.forward(0);
    assertThat(((ForwardFrame.Failed) zero.next()).message()).contains("1 to 65535");
  }

  @Test
  void aFrameThatOnlyAgentsSendEndsTheConnection() throws Exception {
    TestForward forward = opened();

    forward.send(new ForwardFrame.Opened());

    assertThat(((ForwardFrame.Failed) forward.next()).code()).isEqualTo(FailureCode.INVALID);
    assertThat(forward.closed().isOk()).isTrue();
  }

  @Test
  void asManyAsThereMayBeAreServedAndOneMoreIsRefused() throws Exception {
    List<TestForward> open = new ArrayList<>();
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < Forwards.MAX_FORWARDS; i++) {
      open.add(opened());
      sockets.add(program.accept());
    }

    TestForward refused = agent.forward(program.getLocalPort());
    assertThat(((ForwardFrame.Failed) refused.next()).code()).isEqualTo(FailureCode.TOO_MANY);

    for (int i = 0; i < open.size(); i++) {
      byte[] own = {(byte) i};
      open.get(i).send(own);
      assertThat(sockets.get(i).getInputStream().readNBytes(1)).isEqualTo(own);
      sockets.get(i).close();
      open.get(i).send(new ForwardFrame.HalfClose());
      assertThat(untilHalfClosed(open.get(i))).isEmpty();
      assertThat(open.get(i).closed().isOk()).isTrue();
    }
    opened().leave();
  }

  @Test
  void aReaderThatStopsHoldsUpItsProgramAndNobodyElse() throws Exception {
    byte[] much = random(3, 64 * MIB);
    AtomicLong written = new AtomicLong();
    TestForward stopped = opened();
    try (Socket socket = program.accept()) {
      Future<Void> sent =
          meanwhile(() -> {
            for (int at = 0; at < much.length; at += MIB) {
              socket.getOutputStream().write(much, at, MIB);
              written.addAndGet(MIB);
            }
            socket.shutdownOutput();
            return null;
          });
      byte[] other = random(4, 16 * MIB);
      TestForward moving = opened();
      try (Socket beside = program.accept()) {
        Future<Void> otherSent =
            meanwhile(() -> {
              beside.getOutputStream().write(other);
              beside.shutdownOutput();
              return null;
            });
        assertThat(untilHalfClosed(moving)).isEqualTo(other);
        result(otherSent);
      }
      assertThat(sent).isNotDone();
      assertThat(written).hasValueLessThan(32L * MIB);

      assertThat(untilHalfClosed(stopped)).isEqualTo(much);
      result(sent);
    }
  }
}
