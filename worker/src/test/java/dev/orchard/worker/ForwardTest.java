package dev.orchard.worker;

import static dev.orchard.worker.TestWorker.uid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.proto.forward.v1.FailureCode;
import dev.orchard.proto.worker.v1.PowerState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections to a program beside the agent of a VM on the process runtime. */
@SuppressWarnings("NullAway.Init")
class ForwardTest {
  private static final int MIB = 1 << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final String VM = uid();

  private static TestWorker worker;
  private static FakeController controller;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private ServerSocket program;

  @BeforeAll
  static void powerOn(@TempDir Path folder) throws IOException, InterruptedException {
    worker = TestWorker.start(folder, TestCertificate.create(folder), 1);
    controller = worker.controller();
    controller.powerOn(VM);
  }

  @AfterAll
  static void powerOff() throws InterruptedException {
    worker.close();
  }

  @BeforeEach
  void listen() throws IOException {
    program = new ServerSocket(0, 256, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
  }

  @AfterEach
  void close() throws IOException {
    program.close();
    threads.shutdownNow();
  }

  private Forwarded opened() throws Exception {
    Forwarded forwarded = controller.forward(VM, program.getLocalPort(), TIMEOUT);
    assertThat(forwarded.next()).isEqualTo(new ForwardFrame.Opened());
    return forwarded;
  }

  private static byte[] random(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private Future<?> meanwhile(Callable<?> task) {
    return threads.submit(task);
  }

  private static ForwardFrame.Failed failure(Forwarded forwarded) throws Exception {
    ForwardFrame.Failed failed = (ForwardFrame.Failed) forwarded.next();
    forwarded.awaitEnd();
    return failed;
  }

  @Test
  void carriesSixteenMebibytesEachWayAndEndsWithBothHalves() throws Exception {
    byte[] up = random(1, 16 * MIB);
    byte[] down = random(2, 16 * MIB);
    Forwarded forwarded = opened();
    try (Socket socket = program.accept()) {
      Future<?> sent =
          meanwhile(() -> {
            forwarded.send(up);
            forwarded.send(new ForwardFrame.HalfClose());
            return null;
          });
      Future<?> sentByProgram =
          meanwhile(() -> {
            socket.getOutputStream().write(down);
            socket.shutdownOutput();
            return null;
          });
      Future<?> got = meanwhile(() -> socket.getInputStream().readAllBytes());

      assertThat(forwarded.untilHalfClosed()).isEqualTo(down);
      assertThat(got.get(60, TimeUnit.SECONDS)).isEqualTo(up);
      sent.get(60, TimeUnit.SECONDS);
      sentByProgram.get(60, TimeUnit.SECONDS);
      forwarded.awaitEnd();
    }
  }

  @Test
  void whereNothingListensItSaysSoAtOnce() throws Exception {
    int port = program.getLocalPort();
    program.close();

    ForwardFrame.Failed failed = failure(controller.forward(VM, port, TIMEOUT));

    assertThat(failed.code()).isEqualTo(FailureCode.REFUSED);
    assertThat(failed.message()).contains("port " + port);
  }

  @Test
  void aVmThatIsNotHereIsWaitedForUntilTheTimeIsOver() throws Exception {
    ForwardFrame.Failed failed = failure(controller.forward(uid(), 1, Duration.ofMillis(200)));

    assertThat(failed.code()).isEqualTo(FailureCode.UNREACHABLE);
    assertThat(failed.message()).contains("not on this worker");
  }

  @Test
  void aVmThatIsPoweredOnMeanwhileIsReached() throws Exception {
    String vm = uid();
    Forwarded forwarded = controller.forward(vm, program.getLocalPort(), TIMEOUT);

    controller.putVm(vm, PowerState.POWER_RUNNING);

    assertThat(forwarded.next()).isEqualTo(new ForwardFrame.Opened());
    forwarded.leave();
    controller.deleteVm(vm);
  }

  @Test
  void aReplicaThatLeavesResetsTheConnection() throws Exception {
    Forwarded forwarded = opened();
    try (Socket socket = program.accept()) {
      forwarded.leave();

      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
  }

  @Test
  void aProgramThatBreaksTheConnectionIsTold() throws Exception {
    Forwarded forwarded = opened();
    try (Socket socket = program.accept()) {
      socket.setSoLinger(true, 0);
    }

    assertThat(failure(forwarded).code()).isEqualTo(FailureCode.BROKEN);
  }

  @Test
  void aVmThatEndsBreaksItsConnections() throws Exception {
    String vm = uid();
    controller.powerOn(vm);
    Forwarded forwarded = controller.forward(vm, program.getLocalPort(), TIMEOUT);
    assertThat(forwarded.next()).isEqualTo(new ForwardFrame.Opened());

    controller.deleteVm(vm);

    assertThat(failure(forwarded).code()).isEqualTo(FailureCode.BROKEN);
  }

  @Test
  void manyAtOnceDoNotMixUp() throws Exception {
    List<Forwarded> open = new ArrayList<>();
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      open.add(opened());
      sockets.add(program.accept());
    }
    for (int i = 0; i < open.size(); i++) {
      byte[] own = {(byte) i};
      open.get(i).send(own);
      assertThat(sockets.get(i).getInputStream().readNBytes(1)).isEqualTo(own);
      sockets.get(i).getOutputStream().write(own);
      sockets.get(i).close();
      assertThat(open.get(i).untilHalfClosed()).isEqualTo(own);
      open.get(i).leave();
    }
  }

  @Test
  void aReplicaThatDoesNotReadHoldsUpItsProgramAndNobodyElse() throws Exception {
    byte[] much = random(3, 64 * MIB);
    AtomicLong written = new AtomicLong();
    Forwarded stopped = opened();
    try (Socket socket = program.accept()) {
      Future<?> sent =
          meanwhile(() -> {
            for (int at = 0; at < much.length; at += MIB) {
              socket.getOutputStream().write(much, at, MIB);
              written.addAndGet(MIB);
            }
            socket.shutdownOutput();
            return null;
          });
      byte[] other = random(4, 16 * MIB);
      Forwarded moving = opened();
      try (Socket beside = program.accept()) {
        Future<?> otherSent =
            meanwhile(() -> {
              beside.getOutputStream().write(other);
              beside.shutdownOutput();
              return null;
            });
        assertThat(moving.untilHalfClosed()).isEqualTo(other);
        otherSent.get(60, TimeUnit.SECONDS);
      }
      assertThat(sent).isNotDone();
      assertThat(written).hasValueLessThan(32L * MIB);

      assertThat(stopped.untilHalfClosed()).isEqualTo(much);
      sent.get(60, TimeUnit.SECONDS);
    }
  }
}
