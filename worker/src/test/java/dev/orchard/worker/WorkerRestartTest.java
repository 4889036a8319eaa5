package dev.orchard.worker;

import static dev.orchard.worker.FakeController.PATIENCE;
import static dev.orchard.worker.TestWorker.reading;
import static dev.orchard.worker.TestWorker.uid;
import static dev.orchard.worker.TestWorker.writing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.PowerState;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import dev.orchard.worker.vm.HostProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What survives a daemon, a link and an agent, each with a VM of its own. */
@SuppressWarnings("NullAway.Init")
class WorkerRestartTest {
  private static final int LINES = 400;

  private static TestCertificate certificate;

  private final String vmUid = uid();
  @TempDir private Path folder;
  private TestWorker worker;
  private FakeController controller;
  private VmReport vm;

  @BeforeAll
  static void makeCertificate(@TempDir Path own) throws IOException, InterruptedException {
    certificate = TestCertificate.create(own);
  }

  @BeforeEach
  void powerOn() throws IOException, InterruptedException {
    worker = TestWorker.start(folder, certificate, 2);
    controller = worker.controller();
    vm = controller.powerOn(vmUid);
  }

  @AfterEach
  void powerOff() throws InterruptedException {
    worker.close();
  }

  private ExecSpec spec(String... command) {
    return TestWorker.spec(vmUid, vm.getBootId(), command).setStdin(true).build();
  }

  /** Prints numbered lines for a few seconds. */
  private ExecSpec talker() {
    return spec(
        "/bin/sh",
        "-c",
        "i=0; while [ $i -lt %d ]; do echo line $i; i=$((i+1)); sleep 0.005; done"
            .formatted(LINES));
  }

  private static String lines() {
    return IntStream.range(0, LINES)
        .mapToObj(i -> "line " + i + "\n")
        .collect(Collectors.joining());
  }

  private void restartDaemon() throws InterruptedException {
    worker.stopDaemon();
    worker.startDaemon();
  }

  private void kill(String uid) throws IOException {
    String[] process =
        Files.readString(worker.data().resolve("vms").resolve(uid).resolve("process"))
            .split(" ", -1);
    ProcessHandle agent = ProcessHandle.of(Long.parseLong(process[0])).orElseThrow();
    // With a real machine they would end too.
    List<ProcessHandle> commands = agent.descendants().toList();
    assertThat(agent.destroyForcibly()).isTrue();
    commands.forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void aRunningSessionLosesNoByteWhenTheDaemonRestarts() throws InterruptedException {
    ExecSpec spec = talker();
    controller.startAttached(spec, reading()).await1(Frame.Output.class);

    restartDaemon();
    Reader reader = controller.attach(reading().setExecUid(spec.getUid()));

    Frame.Exit exit = reader.awaitExit();
    assertThat(exit.code()).isZero();
    assertThat(reader.stdout()).isEqualTo(lines());
    assertThat(exit.stdoutBytes()).isEqualTo(lines().length());
    assertThat(reader.await1(Frame.Started.class).pid()).isPositive();
    assertThat(controller.awaitVm(vmUid, VmReport::hasGuest).getBootId()).isEqualTo(vm.getBootId());
  }

  @Test
  void stdinGoesOnWhereTheGuestHadTakenIt() throws InterruptedException {
    ExecSpec spec = spec("/bin/cat");
    Reader first = controller.startAttached(spec, writing());
    first.send(new Frame.Stdin(0, ByteString.copyFromUtf8("before "), false));
    first.await1(Frame.Output.class);

    restartDaemon();
    Reader second = controller.attach(writing().setExecUid(spec.getUid()));
    assertThat(second.await1(Frame.Ack.class).stdinOffset()).isEqualTo(7);
    second.send(new Frame.Stdin(0, ByteString.copyFromUtf8("before after"), true));

    assertThat(second.awaitExit().code()).isZero();
    assertThat(second.stdout()).isEqualTo("before after");
  }

  @Test
  void aCommandThatEndsWhileTheDaemonIsAwayHasItsOutcome()
      throws IOException, InterruptedException {
    Path done = folder.resolve("done");
    ExecSpec spec = spec("/bin/sh", "-c", "echo out; sleep 0.5; touch " + done + "; exit 3");
    controller.startAttached(spec, reading()).await1(Frame.Output.class);

    worker.stopDaemon();
    await().atMost(PATIENCE).until(() -> Files.exists(done));
    worker.startDaemon();

    assertThat(controller.awaitFinished(spec.getUid()).getExit().getCode()).isEqualTo(3);
  }

  @Test
  void aTornJournalIsCutBehindItsLastWholeRecord() throws IOException, InterruptedException {
    ExecSpec spec = talker();
    controller.startAttached(spec, reading()).await1(Frame.Output.class);
    worker.stopDaemon();
    Path journal = worker.data().resolve("sessions").resolve(spec.getUid()).resolve("journal");
    Files.write(journal, new byte[] {0, 0, 0, 99, 1, 2}, StandardOpenOption.APPEND);

    worker.startDaemon();
    Reader reader = controller.attach(reading().setExecUid(spec.getUid()));

    assertThat(reader.awaitExit().code()).isZero();
    assertThat(reader.stdout()).isEqualTo(lines());
  }

  @Test
  void aSessionWhoseAgentIsKilledIsLostAndItsVmHasFailed() throws IOException {
    ExecSpec spec = spec("/bin/sh", "-c", "echo out; sleep 1000");
    Reader reader = controller.startAttached(spec, reading());
    reader.await1(Frame.Output.class);

    kill(vmUid);

    Frame.Exit exit = reader.awaitExit();
    assertThat(exit.reason()).isEqualTo(ExitReason.LOST);
    assertThat(reader.stdout()).isEqualTo("out\n");
    assertThat(controller.awaitVm(vmUid, vm -> vm.getState() == VmState.VM_FAILED).getBootId())
        .isEmpty();
  }

  @Test
  void aSessionWhoseAgentDiesWhileTheDaemonIsAwayIsLost() throws IOException, InterruptedException {
    ExecSpec spec = spec("/bin/sleep", "1000");
    controller.start(spec);
    controller.awaitExec(spec.getUid(), report -> report.getState() == ExecState.EXEC_RUNNING);
    worker.stopDaemon();
    kill(vmUid);

    worker.startDaemon();

    ExecReport report = controller.awaitFinished(spec.getUid());
    assertThat(report.getExit().getReason()).isEqualTo(dev.orchard.proto.frame.v1.ExitReason.LOST);
    controller.awaitVm(vmUid, vm -> vm.getState() == VmState.VM_FAILED);
  }

  @Test
  void aCutLinkIsDialledAgainAndEverythingReported() throws IOException, InterruptedException {
    ExecSpec spec = talker();
    controller.startAttached(spec, reading()).await1(Frame.Output.class);

    controller.restart();
    controller.awaitVm(vmUid, VmReport::hasGuest);
    controller.awaitExec(spec.getUid(), report -> true);
    Reader reader = controller.attach(reading().setExecUid(spec.getUid()));

    assertThat(reader.awaitExit().code()).isZero();
    assertThat(reader.stdout()).isEqualTo(lines());
  }

  @Test
  void anOutcomeIsReportedUntilItStandsInTheObject() throws IOException, InterruptedException {
    ExecSpec spec = spec("/bin/true");
    controller.start(spec);
    controller.awaitFinished(spec.getUid());
    controller.restart();
    controller.awaitFinished(spec.getUid());

    controller.stored(spec.getUid());
    // Reports after a later instruction: so the one before was obeyed.
    ExecSpec other = spec("/bin/true");
    controller.start(other);
    controller.awaitFinished(other.getUid());
    controller.restart();
    controller.awaitFinished(other.getUid());
    worker.stopDaemon();
    controller.restart();
    worker.startDaemon();
    controller.awaitFinished(other.getUid());

    assertThat(controller.exec(spec.getUid())).isNull();
  }

  @Test
  void oneLinkIsPrimaryAndWhenItBreaksAnotherOne() throws InterruptedException {
    FakeController first = worker.controller(0);
    FakeController second = worker.controller(1);
    await().atMost(PATIENCE).until(() -> !second.registers().isEmpty());
    boolean firstWasPrimary = first.registers().getLast().getPrimary();
    assertThat(second.registers().getLast().getPrimary()).isNotEqualTo(firstWasPrimary);
    FakeController primary = firstWasPrimary ? first : second;
    FakeController other = firstWasPrimary ? second : first;

    primary.stop();

    await().atMost(PATIENCE).until(() -> other.registers().stream().anyMatch(Register::getPrimary));
  }

  @Test
  void aVmThatIsPoweredOffAndOnHasAnotherBoot() {
    controller.putVm(vmUid, PowerState.POWER_STOPPED);
    controller.awaitVm(vmUid, vm -> vm.getState() == VmState.VM_STOPPED);

    VmReport again = controller.powerOn(vmUid);

    assertThat(again.getBootId()).isNotEmpty().isNotEqualTo(vm.getBootId());
    assertThat(again.getGuest().getInstance()).isNotEqualTo(vm.getGuest().getInstance());
  }

  @Test
  void aVmThatCannotBeStartedSaysWhyAndIsStartedOnceItCan() {
    String other = uid();
    controller.putVm(other, PowerState.POWER_RUNNING, "tart");
    VmReport failed = controller.awaitVm(other, vm -> vm.getState() == VmState.VM_FAILED);
    assertThat(failed.getMessage()).contains("tart").contains("process");

    controller.putVm(other, PowerState.POWER_RUNNING, "process");
    assertThat(controller.awaitVm(other, VmReport::hasGuest).getMessage()).isEmpty();
  }

  @Test
  void aDeletedVmIsGoneAndItsSessionsAreLost() {
    ExecSpec spec = spec("/bin/sleep", "1000");
    Reader reader = controller.startAttached(spec, reading());
    long pid = reader.await1(Frame.Started.class).pid();

    controller.deleteVm(vmUid);

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.LOST);
    controller.awaitVm(vmUid, vm -> vm.getState() == VmState.VM_GONE);
    assertThat(worker.data().resolve("vms").resolve(vmUid)).doesNotExist();
    assertThat(HostProcess.of(pid)).isEmpty();
  }

  @Test
  void deletingAVmThatIsNotHereSaysThatItIsGone() {
    String unknown = uid();
    controller.deleteVm(unknown);

    assertThat(controller.awaitVm(unknown, vm -> true).getState()).isEqualTo(VmState.VM_GONE);
  }

  @Test
  void aReplicaThatGoesAwayHandsOverBeforeItDoes() {
    FakeController leaving =
        controller.registers().getLast().getPrimary() ? controller : worker.controller(1);
    FakeController other = leaving == controller ? worker.controller(1) : controller;
    ExecSpec spec = talker();
    Reader reader = leaving.startAttached(spec, reading());
    reader.await1(Frame.Output.class);

    leaving.drain();

    await().atMost(PATIENCE).until(() -> other.registers().getLast().getPrimary());
    await().atMost(PATIENCE).until(() -> !leaving.registers().getLast().getPrimary());
    assertThat(reader.awaitExit().code()).isZero();
    assertThat(reader.stdout()).isEqualTo(lines());
  }

  @Test
  void aSessionWhoseJournalIsDamagedIsLostAndNeverStartedAgain()
      throws IOException, InterruptedException {
    Path runs = folder.resolve("runs");
    ExecSpec spec = spec("/bin/sh", "-c", "echo run >> %s; exec cat".formatted(runs));
    controller.startAttached(spec, reading()).await1(Frame.Started.class);
    worker.stopDaemon();
    Path session = worker.data().resolve("sessions").resolve(spec.getUid());
    byte[] journal = Files.readAllBytes(session.resolve("journal"));
    journal[20] ^= 1;
    Files.write(session.resolve("journal"), journal);

    worker.startDaemon();
    Reader again = controller.startAttached(spec, reading());

    assertThat(again.awaitExit().reason()).isEqualTo(ExitReason.LOST);
    assertThat(controller.awaitFinished(spec.getUid()).getExit().getMessage())
        .contains("cannot read its records");
    restartDaemon();
    assertThat(controller.startAttached(spec, reading()).awaitExit().reason())
        .isEqualTo(ExitReason.LOST);
    assertThat(Files.readAllLines(runs)).hasSize(1);
    assertThat(session.resolve("journal.damaged")).exists();
  }

  @Test
  void aWorkerThatLostItsDiskSaysThatItDoesNotKnow() throws IOException, InterruptedException {
    ExecSpec spec = spec("/bin/cat");
    controller.startAttached(spec, reading()).await1(Frame.Started.class);
    kill(vmUid);
    worker.stopDaemon();
    deleteTree(worker.data().resolve("sessions"));
    deleteTree(worker.data().resolve("vms"));

    worker.startDaemon();
    controller.powerOn(vmUid);

    Reader again = controller.startAttached(spec, reading());
    assertThat(again.awaitExit().reason()).isEqualTo(ExitReason.LOST);
  }

  @Test
  void aWorkerWithVmsButWithoutJournalsDoesNotStart() throws IOException, InterruptedException {
    worker.stopDaemon();
    Path sessions = worker.data().resolve("sessions");
    Files.move(sessions, sessions.resolveSibling("aside"));

    assertThatIllegalStateException()
        .isThrownBy(worker::startDaemon)
        .withMessageContaining("sessions is gone");
    Files.move(sessions.resolveSibling("aside"), sessions);
    worker.startDaemon();
  }

  private static void deleteTree(Path tree) throws IOException {
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
