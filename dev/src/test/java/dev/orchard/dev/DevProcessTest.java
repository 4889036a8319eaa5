package dev.orchard.dev;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dev as a process of its own, as people run it. */
@SuppressWarnings("NullAway.Init")
final class DevProcessTest {
  @TempDir private Path folder;
  private Process dev;

  @BeforeEach
  void start() throws IOException {
    dev = startDev();
    await()
        .atMost(60, SECONDS)
        .until(() -> Files.exists(data().resolve("ready.json")) || !dev.isAlive());
    assertThat(dev.isAlive()).describedAs(said()).isTrue();
  }

  @AfterEach
  void stop() {
    dev.descendants().forEach(ProcessHandle::destroyForcibly);
    dev.destroyForcibly();
  }

  @Test
  void saysInFilesOfItsOwnersAloneHowToUseIt() throws Exception {
    JsonNode ready = new JsonMapper().readTree(data().resolve("ready.json").toFile());

    assertThat(ready.path("url").asText()).startsWith("https://127.0.0.1:");
    assertThat(ready.path("token").asText()).hasSize(64);
    assertThat(ready.path("pid").asLong()).isEqualTo(dev.pid());
    assertThat(Files.readString(Path.of(ready.path("kubeconfig").asText())))
        .contains("name: orchard.dev", "server: " + ready.path("url").asText());
    for (String secret : List.of("ready.json", "kubeconfig", "token", "worker/token")) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(data().resolve(secret))))
          .describedAs(secret)
          .isEqualTo("rw-------");
    }
    assertThat(said()).contains("cluster: embedded stand-in", "runtime: process");
  }

  @Test
  void leavesNothingRunningWhenItIsTerminated() throws Exception {
    List<ProcessHandle> children = dev.descendants().toList();

    dev.destroy();

    assertThat(dev.waitFor(30, SECONDS)).isTrue();
    assertThat(children).noneMatch(ProcessHandle::isAlive);
    assertThat(data().resolve("ready.json")).doesNotExist();
    assertThat(said()).contains("stopped");
  }

  @Test
  void refusesToShareItsDataFolder() throws Exception {
    Process second = startDev();

    assertThat(second.waitFor(30, SECONDS)).isTrue();
    assertThat(second.exitValue()).isEqualTo(1);
    assertThat(said()).contains("is in use by another orchard");
    assertThat(data().resolve("ready.json")).exists();
  }

  private Process startDev() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.orchard.dev.Main",
            "dev",
            "--data-dir=" + data(),
            "--cluster=embedded",
            "--runtime=process")
        .redirectInput(new File("/dev/null"))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.appendTo(folder.resolve("stderr").toFile()))
        .start();
  }

  private Path data() {
    return folder.resolve("data");
  }

  private String said() throws IOException {
    return Files.readString(folder.resolve("stderr"));
  }
}
