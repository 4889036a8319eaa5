package dev.orchard.worker;

import static dev.orchard.worker.FakeController.PATIENCE;
import static dev.orchard.worker.TestWorker.reading;
import static dev.orchard.worker.TestWorker.uid;
import static dev.orchard.worker.TestWorker.writing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.VmReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker with a small disk of its own, which somebody else fills. */
@SuppressWarnings("NullAway.Init")
class FullDiskTest {
  private static final int DISK_MIB = 32;

  private static TestCertificate certificate;

  private final String vmUid = uid();
  @TempDir private Path folder;
  private Path data;
  private TestWorker worker;
  private FakeController controller;
  private VmReport vm;

  @BeforeAll
  static void makeCertificate(@TempDir Path own) throws IOException, InterruptedException {
    certificate = TestCertificate.create(own);
  }

  @BeforeEach
  void powerOn() throws IOException, InterruptedException {
    data = Files.createDirectory(folder.resolve("data"));
    boolean mounted =
        run("mount", "-t", "tmpfs", "-o", "size=%dm".formatted(DISK_MIB), "tmpfs", data.toString());
    if (System.getenv("CI") == null) {
      assumeThat(mounted).as("a disk of its own is mounted by root alone: run as root").isTrue();
    }
    assertThat(mounted).isTrue();
    worker = TestWorker.start(folder, certificate, 1);
    controller = worker.controller();
    vm = controller.powerOn(vmUid);
  }

  @AfterEach
  void powerOff() throws IOException, InterruptedException {
    if (worker != null) {
      worker.close();
      assertThat(run("umount", data.toString())).isTrue();
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }

  private ExecSpec spec(String... command) {
    return TestWorker.spec(vmUid, vm.getBootId(), command).setStdin(true).build();
  }

  /** Leaves so much of the disk, less than the tenth of it that is to stay free. */
  private Path fillUpTo(int freeMib) throws IOException {
    Path other = data.resolve("other");
    long size = Files.getFileStore(data).getUsableSpace() - ((long) freeMib << 20);
    return Files.write(other, new byte[(int) size]);
  }

  private void awaitPressure(Predicate<String> wanted) {
    await()
        .atMost(PATIENCE)
        .until(() -> wanted.test(controller.registers().getLast().getDiskPressure()));
  }

  @Test
  void newSessionsAreRefusedAndRunningOnesGoOnWithWhatTheyHave() throws Exception {
    ExecSpec quiet = spec("/bin/cat");
    Reader echo = controller.startAttached(quiet, writing());
    echo.await1(Frame.Ack.class);
    Path other = fillUpTo(2);
    awaitPressure(why -> why.contains("have to stay"));

    Reader refused = controller.startAttached(spec("/bin/true"), reading());
    assertThat(refused.awaitExit().reason()).isEqualTo(ExitReason.START_FAILED);
    assertThat(refused.awaitExit().message()).contains("no room");
    echo.send(new Frame.Stdin(0, ByteString.copyFromUtf8("still here"), true));
    assertThat(echo.awaitExit().code()).isZero();
    assertThat(echo.stdout()).isEqualTo("still here");

    Files.delete(other);
    awaitPressure(String::isEmpty);
    assertThat(controller.startAttached(spec("/bin/true"), reading()).awaitExit().code()).isZero();
  }

  @Test
  void aSessionThatPrintsMoreThanThereIsRoomForLosesItsOldestOutputAlone() throws Exception {
    ExecSpec loud = spec("/bin/sh", "-c", "read go; yes 0123456789abcde | head -c 50000000");
    Reader reader = controller.startAttached(loud, writing());
    reader.await1(Frame.Ack.class);
    fillUpTo(2);
    awaitPressure(why -> !why.isEmpty());

    reader.send(new Frame.Stdin(0, ByteString.copyFromUtf8("go\n"), true));

    Frame.Exit exit = reader.awaitExit();
    assertThat(exit.code()).isZero();
    assertThat(exit.stdoutBytes()).isEqualTo(50_000_000);
  }

  @Test
  void whatHasFinishedMakesRoom() throws Exception {
    ExecSpec first = spec("/bin/sh", "-c", "yes 0123456789abcde | head -c 3000000");
    controller.startAttached(first, reading()).awaitExit();
    controller.awaitFinished(first.getUid());
    controller.stored(first.getUid());
    Path sessions = data.resolve("sessions");
    assertThat(sessions.resolve(first.getUid())).exists();
    fillUpTo(2);

    await().atMost(PATIENCE).until(() -> Files.notExists(sessions.resolve(first.getUid())));
    awaitPressure(String::isEmpty);
  }
}
