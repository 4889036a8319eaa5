package dev.orchard.worker;

import static dev.orchard.worker.TestWorker.reading;
import static dev.orchard.worker.TestWorker.uid;
import static dev.orchard.worker.TestWorker.writing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.OnOutputLimit;
import dev.orchard.proto.worker.v1.VmReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Sessions as a replica sees them, with real processes. One VM serves all tests of the class. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class SessionOnProcessTest {
  private static final String VM = uid();

  private Path folder;
  private TestWorker worker;
  private FakeController controller;
  private VmReport vm;

  @BeforeAll
  void powerOn(@TempDir Path own) throws IOException, InterruptedException {
    folder = own;
    worker = TestWorker.start(folder, TestCertificate.create(folder), 1);
    controller = worker.controller();
    vm = controller.powerOn(VM);
  }

  @AfterAll
  void powerOff() throws InterruptedException {
    worker.close();
  }

  private ExecSpec.Builder spec(String... command) {
    return TestWorker.spec(VM, vm.getBootId(), command);
  }

  @Test
  void registersWithItsTokenAndSaysThatThereIsNoIsolation() {
    assertThat(controller.registers().getFirst().getWorker()).isEqualTo("w1");
    assertThat(controller.registers().getFirst().getPrimary()).isTrue();
    assertThat(controller.registers().getFirst().getCapabilitiesList()).contains("no-isolation");
    assertThat(controller.tokens()).containsOnly("Bearer secret");
    assertThat(vm.getGuest().getAgent()).isEqualTo("orchard");
  }

  @Test
  void echoIsStartedThenStdoutThenExit() {
    ExecSpec spec = spec("/bin/echo", "hi").build();

    List<Frame> frames = controller.startAttached(spec, reading()).awaitEnd();

    assertThat(frames).hasSize(3);
    Frame.Started started = (Frame.Started) frames.get(0);
    assertThat(started.session()).isEqualTo("vm-session");
    assertThat(started.bootId()).isEqualTo(vm.getBootId());
    assertThat(started.pid()).isPositive();
    assertThat(frames.get(1))
        .isEqualTo(new Frame.Output(StdStream.STDOUT, 0, ByteString.copyFromUtf8("hi\n")));
    Frame.Exit exit = (Frame.Exit) frames.get(2);
    assertThat(exit.code()).isZero();
    assertThat(exit.stdoutBytes()).isEqualTo(3);
    ExecReport report = controller.awaitFinished(spec.getUid());
    assertThat(report.getExit().getCode()).isZero();
    assertThat(report.getStartTimeMs()).isPositive();
    assertThat(report.getCompletionTimeMs()).isGreaterThanOrEqualTo(report.getStartTimeMs());
  }

  @Test
  void exitCodeAndStderrAndTailAreReported() {
    ExecSpec spec = spec("/bin/sh", "-c", "echo out; echo err >&2; exit 7").setTailBytes(4).build();

    Reader reader = controller.startAttached(spec, reading());

    assertThat(reader.awaitExit().code()).isEqualTo(7);
    assertThat(reader.stdout()).isEqualTo("out\n");
    assertThat(reader.bytes(StdStream.STDERR).toStringUtf8()).isEqualTo("err\n");
    ExecReport report = controller.awaitFinished(spec.getUid());
    assertThat(report.getTail().size()).isEqualTo(4);
    assertThat(report.getStderrBytes()).isEqualTo(4);
  }

  @Test
  void aProgramThatDoesNotExistHasNotStarted() {
    Reader reader = controller.startAttached(spec("/no/such/program").build(), reading());

    Frame.Exit exit = reader.awaitExit();

    assertThat(exit.reason()).isEqualTo(ExitReason.START_FAILED);
    assertThat(exit.code()).isEqualTo(127);
    assertThat(reader.frames()).hasSize(1);
  }

  @Test
  void stdinIsAcknowledgedAndHalfClosed() {
    Reader reader = controller.startAttached(spec("/bin/cat").setStdin(true).build(), writing());
    reader.send(new Frame.Stdin(0, ByteString.copyFromUtf8("one "), false));
    reader.send(new Frame.Stdin(4, ByteString.copyFromUtf8("two"), true));

    assertThat(reader.awaitExit().code()).isZero();
    assertThat(reader.stdout()).isEqualTo("one two");
    assertThat(reader.frames()).contains(new Frame.Ack(7));
  }

  @Test
  void muchStdinGoesThroughASmallWindow() {
    Reader reader =
        controller.startAttached(spec("/usr/bin/sha256sum").setStdin(true).build(), writing());
    ByteString chunk = ByteString.copyFrom(new byte[Frame.MAX_DATA]);
    long offset = 0;
    for (int i = 0; i < 200; i++) {
      reader.send(new Frame.Stdin(offset, chunk, false));
      offset += chunk.size();
    }
    reader.send(new Frame.Stdin(offset, ByteString.EMPTY, true));

    assertThat(reader.awaitExit().code()).isZero();
    assertThat(reader.stdout()).endsWith("  -\n");
    assertThat(reader.frames()).contains(new Frame.Ack(offset));
  }

  @Test
  void aSecondWriterIsRefusedUntilItTakesOver() {
    ExecSpec spec = spec("/bin/cat").setStdin(true).build();
    Reader first = controller.startAttached(spec, writing());
    first.await1(Frame.Started.class);

    Reader second = controller.attach(writing().setExecUid(spec.getUid()));
    Reader third = controller.attach(writing().setExecUid(spec.getUid()).setTakeover(true));
    third.send(new Frame.Stdin(0, ByteString.copyFromUtf8("x"), true));

    assertThat(((Frame.Failure) second.awaitEnd().getLast()).code())
        .isEqualTo(ErrorCode.NOT_WRITER);
    assertThat(((Frame.Failure) first.awaitEnd().getLast()).code()).isEqualTo(ErrorCode.NOT_WRITER);
    assertThat(third.awaitExit().code()).isZero();
    assertThat(third.stdout()).isEqualTo("x");
  }

  @Test
  void aTakeoverGoesOnFromWhatThePipeHasTaken() throws Exception {
    Path gate = folder.resolve("gate");
    String command = "while [ ! -e '" + gate + "' ]; do sleep 0.1; done; cat";
    ExecSpec spec = spec("/bin/sh", "-c", command).setStdin(true).build();
    Reader first = controller.startAttached(spec, writing());
    ByteString chunk = ByteString.copyFromUtf8("a".repeat(Frame.MAX_DATA));
    for (int i = 0; i < 10; i++) {
      first.send(new Frame.Stdin((long) i * Frame.MAX_DATA, chunk, false));
    }
    await().until(() -> lastAck(first) > 0);

    Reader second = controller.attach(writing().setExecUid(spec.getUid()).setTakeover(true));
    await().until(() -> lastAck(second) > 0);
    long taken = lastAck(second);
    second.send(new Frame.Stdin(taken, ByteString.copyFromUtf8("b".repeat(100)), true));
    Files.createFile(gate);

    assertThat(second.awaitExit().code()).isZero();
    assertThat(second.stdout()).isEqualTo("a".repeat((int) taken) + "b".repeat(100));
    assertThat(taken).isLessThan(10L * Frame.MAX_DATA);
  }

  private static long lastAck(Reader reader) {
    return reader.frames().stream()
        .filter(Frame.Ack.class::isInstance)
        .mapToLong(frame -> ((Frame.Ack) frame).stdinOffset())
        .max()
        .orElse(-1);
  }

  @Test
  void aReaderThatSendsStdinIsRefused() {
    ExecSpec spec = spec("/bin/cat").setStdin(true).build();
    Reader reader = controller.startAttached(spec, reading());
    reader.send(new Frame.Stdin(0, ByteString.copyFromUtf8("x"), true));

    assertThat(((Frame.Failure) reader.awaitEnd().getLast()).code())
        .isEqualTo(ErrorCode.NOT_WRITER);
    controller.cancel(spec.getUid());
  }

  @Test
  void signalsReachTheProcess() {
    Reader reader = controller.startAttached(spec("/bin/sleep", "1000").build(), writing());
    reader.await1(Frame.Started.class);
    reader.send(new Frame.Signal("USR1"));

    Frame.Exit exit = reader.awaitExit();

    assertThat(exit.reason()).isEqualTo(ExitReason.SIGNALED);
    assertThat(exit.signal()).isEqualTo("USR1");
  }

  @Test
  void aDetachIsPassedOnBesideTheWriter() {
    ExecSpec spec = spec("/bin/sleep", "1000").build();
    Reader writer = controller.startAttached(spec, writing());
    writer.await1(Frame.Started.class);

    Reader passing = controller.attach(Attachment.newBuilder().setExecUid(spec.getUid()));
    passing.send(new Frame.Detach());

    assertThat(passing.awaitEnd()).isEmpty();
    // The command and its writer go on.
    writer.send(new Frame.Signal("USR1"));
    assertThat(writer.awaitExit().signal()).isEqualTo("USR1");
  }

  @Test
  void aSignalIsPassedOnBesideTheWriter() {
    ExecSpec spec = spec("/bin/sleep", "1000").build();
    Reader writer = controller.startAttached(spec, writing());
    writer.await1(Frame.Started.class);
    Reader refused = controller.attach(Attachment.newBuilder().setExecUid(spec.getUid()));
    refused.send(new Frame.Resize(1, 2));
    assertThat(((Frame.Failure) refused.awaitEnd().getLast()).code())
        .isEqualTo(ErrorCode.INVALID_FRAME);

    Reader passing = controller.attach(Attachment.newBuilder().setExecUid(spec.getUid()));
    passing.send(new Frame.Signal("USR1"));

    assertThat(passing.awaitEnd()).isEmpty();
    assertThat(writer.awaitExit().signal()).isEqualTo("USR1");
  }

  @Test
  void cancelEndsARunningCommand() {
    ExecSpec spec = spec("/bin/sleep", "1000").build();
    Reader reader = controller.startAttached(spec, reading());
    reader.await1(Frame.Started.class);

    controller.cancel(spec.getUid());

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.CANCELLED);
  }

  @Test
  void timeoutEndsARunningCommand() {
    Reader reader =
        controller.startAttached(spec("/bin/sleep", "1000").setTimeoutMs(200).build(), reading());

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.TIMED_OUT);
  }

  @Test
  void aCancelBeforeTheStartLeavesATombstone() {
    ExecSpec spec = spec("/bin/echo", "never").build();
    controller.cancel(spec.getUid());
    controller.awaitFinished(spec.getUid());

    Reader reader = controller.startAttached(spec, reading());

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.CANCELLED);
    assertThat(reader.frames()).hasSize(1);
  }

  @Test
  void aStartThatIsSaidTwiceRunsOnce() throws IOException {
    Path trace = folder.resolve("trace");
    ExecSpec spec = spec("/bin/sh", "-c", "echo run >> " + trace).build();

    controller.start(spec);
    controller.start(spec);
    controller.awaitFinished(spec.getUid());
    controller.start(spec);

    assertThat(controller.attach(reading().setExecUid(spec.getUid())).awaitExit().code()).isZero();
    assertThat(Files.readAllLines(trace)).containsExactly("run");
  }

  @Test
  void twoReadersSeeTheSameBytesAndAStoppedOneSlowsNobody() {
    ExecSpec spec = spec("/bin/sh", "-c", "head -c 20000000 /dev/urandom").build();
    Reader stopped = controller.startAttached(spec, reading());
    stopped.await1(Frame.Started.class);
    stopped.stopReading();

    Reader other = controller.attach(reading().setExecUid(spec.getUid()));
    Frame.Exit exit = other.awaitExit();
    stopped.readOn();

    assertThat(exit.stdoutBytes()).isEqualTo(20_000_000);
    assertThat(stopped.awaitExit()).isEqualTo(exit);
    assertThat(stopped.bytes(StdStream.STDOUT)).isEqualTo(other.bytes(StdStream.STDOUT));
    assertThat(other.bytes(StdStream.STDOUT).size()).isEqualTo(20_000_000);
  }

  @Test
  void manySessionsRunAtOnce() {
    Map<String, Reader> readers = new LinkedHashMap<>();
    for (int i = 0; i < 40; i++) {
      ExecSpec spec = spec("/bin/sh", "-c", "head -c 200000 /dev/zero; echo " + i).build();
      readers.put(i + "\n", controller.startAttached(spec, reading()));
    }

    readers.forEach((end, reader) -> {
      assertThat(reader.awaitExit().code()).isZero();
      assertThat(reader.stdout()).endsWith(end).hasSize(200_000 + end.length());
    });
  }

  @Test
  void readersResumeByOffset() {
    ExecSpec spec = spec("/bin/sh", "-c", "printf 0123456789").build();
    assertThat(controller.startAttached(spec, reading()).awaitExit().code()).isZero();

    Reader resumed = controller.attach(reading().setExecUid(spec.getUid()).setFrom(4));
    Reader ahead = controller.attach(reading().setExecUid(spec.getUid()).setFrom(11));

    resumed.awaitExit();
    assertThat(resumed.stdout()).isEqualTo("456789");
    Frame.Failure failure = (Frame.Failure) ahead.awaitEnd().getLast();
    assertThat(failure.code()).isEqualTo(ErrorCode.OFFSET_AHEAD_OF_LOG);
    assertThat(failure.end()).isEqualTo(10);
  }

  @Test
  void untilNowEndsWithoutAnExitWhileTheCommandRuns() {
    ExecSpec spec = spec("/bin/sh", "-c", "echo now; sleep 1000").build();
    controller.startAttached(spec, reading()).await1(Frame.Output.class);

    Reader now = controller.attach(reading().setExecUid(spec.getUid()).setUntilNow(true));

    assertThat(now.awaitEnd()).hasSize(2);
    assertThat(now.stdout()).isEqualTo("now\n");
    controller.cancel(spec.getUid());
  }

  @Test
  void anUnknownSessionIsGone() {
    Reader reader = controller.attach(reading().setExecUid(uid()));

    assertThat(((Frame.Failure) reader.awaitEnd().getLast()).code())
        .isEqualTo(ErrorCode.SESSION_GONE);
  }

  @Test
  void oldestOutputIsDroppedWhenTheLogIsFull() {
    ExecSpec spec =
        spec("/bin/sh", "-c", "head -c 3000000 /dev/zero").setOutputLimit(1 << 20).build();
    controller.start(spec);
    ExecReport report = controller.awaitFinished(spec.getUid());

    Reader late = controller.attach(reading().setExecUid(spec.getUid()));

    assertThat(late.awaitExit().stdoutBytes()).isEqualTo(3_000_000);
    Frame.Gap gap = late.await1(Frame.Gap.class);
    assertThat(gap.from()).isZero();
    assertThat(gap.to()).isEqualTo(report.getFirstAvailableOffset()).isPositive();
    assertThat(late.bytes(StdStream.STDOUT).size()).isEqualTo(3_000_000 - gap.to());
  }

  @Test
  void aBlockedSessionWaitsForAReaderOrItsCancellation() {
    ExecSpec spec =
        spec("/bin/sh", "-c", "cat /dev/zero")
            .setOutputLimit(1 << 20)
            .setOnOutputLimit(OnOutputLimit.BLOCK)
            .build();
    controller.start(spec);
    controller.awaitExec(spec.getUid(), report -> report.getState() == ExecState.EXEC_RUNNING);
    Reader reader = controller.attach(reading().setExecUid(spec.getUid()));
    await()
        .atMost(FakeController.PATIENCE)
        .until(() -> reader.bytes(StdStream.STDOUT).size() > 900_000);

    controller.cancel(spec.getUid());

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.CANCELLED);
  }

  @Test
  void tooMuchOutputEndsASessionThatWantsIt() {
    ExecSpec spec =
        spec("/bin/sh", "-c", "cat /dev/zero")
            .setOutputLimit(1 << 20)
            .setOnOutputLimit(OnOutputLimit.TERMINATE_ON_LIMIT)
            .build();

    Reader reader = controller.startAttached(spec, reading());

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.OUTPUT_LIMIT);
  }

  @Test
  void aBindingToAnotherBootIsNotStarted() {
    ExecSpec spec = TestWorker.spec(VM, uid(), "/bin/echo").build();

    Reader reader = controller.startAttached(spec, reading());

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.LOST);
  }
}
