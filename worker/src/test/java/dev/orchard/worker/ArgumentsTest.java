package dev.orchard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.orchard.worker.qemu.Accelerator;
import dev.orchard.worker.qemu.GuestImage;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Transport;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    assertThat(settings.controllers())
        .containsExactly(ReplicaAddress.parse("a:1"), ReplicaAddress.parse("b:2"));
    assertThat(settings.transport()).isEqualTo(Transport.AUTO);
    assertThat(settings.proxy()).isNull();
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
                "--controllers", "c:3|https://c:4",
                "--transport", "http",
                "--controller-ca", "/other.pem",
                "--token-file", "/other",
                "--name", "w7",
                "--data-dir", "/data",
                "--runtimes", "process, qemu",
                "--images", "default=/k:/i:/r",
                "--agent-command", "java -jar agent.jar",
                "--cpu", "3",
                "--memory", "4096",
                "--session-storage", "512",
                "--accelerator", "tcg"),
            LEAST);

    assertThat(settings)
        .isEqualTo(
            new WorkerSettings(
                "w7",
                Path.of("/data"),
                List.of(
                    new ReplicaAddress(Optional.of("c:3"), Optional.of(URI.create("https://c:4")))),
                Transport.HTTP,
                null,
                Path.of("/other.pem"),
                Path.of("/other"),
                List.of("process", "qemu"),
                Map.of("default", new GuestImage(Path.of("/k"), Path.of("/i"), Path.of("/r"))),
                List.of("java", "-jar", "agent.jar"),
                3,
                4096,
                512L << 20,
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
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--transport", "quic"), LEAST))
        .withMessageContaining("quic");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Arguments.parse(List.of("--transport", "http"), LEAST))
        .withMessageContaining("'a:1' has no https://HOST:PORT");
    for (String address : List.of("a", "a:1|b:2", "http://a:1", "https://a:1/path", "")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ReplicaAddress.parse(address))
          .withMessageContaining("'" + address + "'");
    }
  }
}
