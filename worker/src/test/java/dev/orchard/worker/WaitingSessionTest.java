package dev.orchard.worker;

import static dev.orchard.worker.TestWorker.reading;
import static dev.orchard.worker.TestWorker.uid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.PowerState;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions of a VM whose agent never answers. */
@SuppressWarnings("NullAway.Init")
class WaitingSessionTest {
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
    worker =
        TestWorker.start(
            folder, certificate, 1, List.of("/bin/sh", "-c", "sleep 1000; exit 1", "agent"));
    controller = worker.controller();
    controller.putVm(vmUid, PowerState.POWER_RUNNING);
    vm = controller.awaitVm(vmUid, report -> report.getState() == VmState.VM_RUNNING);
  }

  @AfterEach
  void powerOff() throws InterruptedException {
    worker.close();
  }

  private ExecSpec.Builder spec() {
    return TestWorker.spec(vmUid, vm.getBootId(), "/bin/true");
  }

  @Test
  void theStartTimesOut() {
    Reader reader = controller.startAttached(spec().setStartTimeoutMs(300).build(), reading());

    Frame.Exit exit = reader.awaitExit();
    assertThat(exit.reason()).isEqualTo(ExitReason.START_FAILED);
    assertThat(exit.code()).isNull();
    assertThat(reader.frames()).hasSize(1);
  }

  @Test
  void theyWaitUntilTheyAreCancelled() {
    ExecSpec spec = spec().build();
    Reader reader = controller.startAttached(spec, reading());
    controller.awaitExec(spec.getUid(), report -> report.getState() == ExecState.EXEC_WAITING);

    controller.cancel(spec.getUid());

    assertThat(reader.awaitExit().reason()).isEqualTo(ExitReason.CANCELLED);
  }

  @Test
  void theyEndWithTheirVm() {
    ExecSpec spec = spec().build();
    Reader reader = controller.startAttached(spec, reading());
    controller.awaitExec(spec.getUid(), report -> report.getState() == ExecState.EXEC_WAITING);

    controller.deleteVm(vmUid);

    Frame.Exit exit = reader.awaitExit();
    assertThat(exit.reason()).isEqualTo(ExitReason.START_FAILED);
    assertThat(exit.message()).contains("not on its worker any more");
  }
}
