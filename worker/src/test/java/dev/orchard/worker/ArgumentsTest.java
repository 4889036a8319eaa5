package dev.orchard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.orchard.worker.qemu.Accelerator;
import dev.orchard.worker.qemu.GuestImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
  private static final Map<String, String> LEAST =
      Map.of(
          "ORCHARD_WORKER_CONTROLLERS",
          "a:1,b:2",
          "ORCHARD_WORKER_CONTROLLER_CA",
          "/ca.pem",
          "ORCHARD_WORKER_TOKEN_FILE",
          "/token");

  @Test
  void theRestHasDefaults() {
    WorkerSettings settings = Arguments.parse(List.of(), LEAST);

    assertThat(settings.controllers()).containsExactly("a:1", "b:2");
    assertThat(settings.controllerCa()).isEqualTo(Path.of("/ca.pem"));
    assertThat(settings.tokenFile()).isEqualTo(Path.of("/token"));
    assertThat(settings.name()).isNotEmpty();
    assertThat(settings.dataDir()).isEqualTo(Path.of("/var/lib/orchard"));
    assertThat(settings.runtimes()).containsExactly("qemu");
    assertThat(settings.images()).isEmpty();
    assertThat(settings.agentCommand()).isEmpty();
    assertThat(settings.cpu()).isPositive();
    assertThat(settings.memoryMib()).isPositive();
    assertThat(settings.accelerator()).isEqualTo(Accelerator.AUTO);
  }

  @Test
  void everyFlagWinsOverItsVariable() {
    WorkerSettings settings =
        Arguments.parse(
            List.of(
                "--controllers", "c:3",
                "--controller-ca", "/other.pem",
                "--token-file", "/other",
                "--name", "w7",
                "--data-dir", "/data",
                "--runtimes", "process, qemu",
                "--images", "default=/k:/i:/r",
                "--agent-command", "java -jar agent.jar",
                "--cpu", "3",
                "--memory", "4096",
                "--accelerator", "tcg"),
            LEAST);

    assertThat(settings)
        .isEqualTo(
            new WorkerSettings(
                "w7",
                Path.of("/data"),
                List.of("c:3"),
                Path.of("/other.pem"),
                Path.of("/other"),
                List.of("process", "qemu"),
                Map.of("default", new GuestImage(Path.of("/k"), Path.of("/i"), Path.of("/r"))),
                List.of("java", "-jar", "agent.jar"),
                3,
                4096,
                Accelerator.TCG));
  }

  @Test
  void whatIsWrongIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of(), Map.of()))
        .withMessageContaining("is missing");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--colour", "red"), LEAST))
        .withMessageContaining("--colour");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--cpu"), LEAST))
        .withMessageContaining("--cpu");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--cpu", "many"), LEAST))
        .withMessageContaining("many");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--images", "default=/k"), LEAST))
        .withMessageContaining("default=/k");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--accelerator", "hvf"), LEAST))
        .withMessageContaining("hvf");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--runtimes", "process"), LEAST))
        .withMessageContaining("agentCommand");
  }
}
