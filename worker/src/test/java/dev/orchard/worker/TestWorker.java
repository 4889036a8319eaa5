package dev.orchard.worker;

import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.DisconnectPolicy;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.worker.qemu.Accelerator;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A worker on the process runtime with the real agent, and the controllers that it dials. */
final class TestWorker {
  private final Path data;
  private final Path token;
  private final TestCertificate certificate;
  private final List<FakeController> controllers;
  private final List<String> agent;
  private @Nullable Worker worker;

  private TestWorker(
      Path data,
      Path token,
      TestCertificate certificate,
      List<FakeController> controllers,
      List<String> agent) {
    this.data = data;
    this.token = token;
    this.certificate = certificate;
    this.controllers = controllers;
    this.agent = agent;
  }

  static TestWorker start(Path folder, TestCertificate certificate, int controllers)
      throws IOException, InterruptedException {
    return start(folder, certificate, controllers, agent());
  }

  static TestWorker start(
      Path folder, TestCertificate certificate, int controllers, List<String> agent)
      throws IOException, InterruptedException {
    List<FakeController> fakes = new ArrayList<>();
    for (int i = 0; i < controllers; i++) {
      fakes.add(new FakeController(certificate));
    }
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    TestWorker worker = new TestWorker(folder.resolve("data"), token, certificate, fakes, agent);
    worker.startDaemon();
    return worker;
  }

  void startDaemon() throws InterruptedException {
    worker =
        Worker.start(
            new WorkerSettings(
                "w1",
                data,
                controllers.stream()
                    .map(FakeController::address)
                    .map(ReplicaAddress::parse)
                    .toList(),
                Transport.AUTO,
                null,
                certificate.ca(),
                token,
                List.of("process"),
                Map.of(),
                agent,
                2,
                1024,
                0,
                Accelerator.TCG));
  }

  /** What runs in its VMs runs on. */
  void stopDaemon() {
    if (worker != null) {
      worker.close();
      worker = null;
      controllers.forEach(FakeController::awaitUnlinked);
    }
  }

  FakeController controller() {
    return controllers.getFirst();
  }

  FakeController controller(int index) {
    return controllers.get(index);
  }

  Path data() {
    return data;
  }

  void close() throws InterruptedException {
    if (worker != null) {
      worker.end();
    }
    for (FakeController controller : controllers) {
      controller.stop();
    }
  }

  private static List<String> agent() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        System.getProperty("java.class.path"),
        "dev.orchard.agent.Main");
  }

  static String uid() {
    return UUID.randomUUID().toString();
  }

  static ExecSpec.Builder spec(String vmUid, String bootId, String... command) {
    return ExecSpec.newBuilder()
        .setUid(uid())
        .setName("vm-session")
        .setVmUid(vmUid)
        .setBootId(bootId)
        .addAllCommand(List.of(command))
        .setDisconnectPolicy(DisconnectPolicy.DETACH)
        .setStartTimeoutMs(30_000)
        .setTerminationGracePeriodMs(10_000);
  }

  static Attachment.Builder reading() {
    return Attachment.newBuilder().setOutput(true);
  }

  static Attachment.Builder writing() {
    return reading().setWriter(true).setForeground(true);
  }
}
