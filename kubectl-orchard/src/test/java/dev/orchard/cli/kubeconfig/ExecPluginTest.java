package dev.orchard.cli.kubeconfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.cli.message.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecPluginTest {
  @TempDir Path directory;
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);

  private Credentials credentials(String script, String exec) throws IOException {
    Files.writeString(directory.resolve("plugin"), "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(
        directory.resolve("plugin"), PosixFilePermissions.fromString("rwx------"));
    Path file =
        Files.writeString(
            directory.resolve("config"),
            """
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://kube"}}]
            users:
            - name: u
              user:
                exec: {apiVersion: client.authentication.k8s.io/v1, %s}
            """
                .formatted(exec));
    return new KubeconfigReader(Map.of(), directory, now::get).read(file, null).credentials();
  }

  @Test
  void runsTheProgramBesideTheFileWithItsArgumentsAndEnvironment() throws IOException {
    Credentials credentials =
        credentials(
            """
            cat > "$0.stdin"
            echo "$KUBERNETES_EXEC_INFO" > "$0.info"
            echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"'$1-$X'"}}'
            """,
            "command: ./plugin, args: [get], env: [{name: X, value: y}], provideClusterInfo: true");
    assertThat(credentials.authorization()).isEqualTo("Bearer get-y");
    assertThat(directory.resolve("plugin.stdin")).isEmptyFile();
    assertThat(Files.readString(directory.resolve("plugin.info")).strip())
        .isEqualTo(
            """
            {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",\
            "spec":{"interactive":false,"cluster":{"server":"https://kube"}}}\
            """);
  }

  @Test
  void keepsATokenUntilItHasExpired() throws IOException {
    Credentials credentials =
        credentials(
            """
            echo run >> "$0.runs"
            n=$(wc -l < "$0.runs" | tr -d ' ')
            echo '{"apiVersion":"client.authentication.k8s.io/v1",
              "status":{"token":"t'$n'","expirationTimestamp":"1970-01-01T00:00:10Z"}}'
            """,
            "command: ./plugin");
    assertThat(credentials.authorization()).isEqualTo("Bearer t1");
    assertThat(credentials.authorization()).isEqualTo("Bearer t1");
    now.set(Instant.ofEpochSecond(10));
    assertThat(credentials.authorization()).isEqualTo("Bearer t2");
  }

  @Test
  void saysHowAPluginFailed() throws IOException {
    Credentials failing = credentials("exit 3", "command: ./plugin");
    assertThatThrownBy(failing::authorization)
        .isInstanceOf(CliException.class)
        .hasMessageEndingWith("plugin ended with code 3");
    Credentials other = credentials("echo '{\"apiVersion\":\"v0\"}'", "command: ./plugin");
    assertThatThrownBy(other::authorization).hasMessageContaining("apiVersion 'v0'");
    Credentials chatty = credentials("echo hello", "command: ./plugin");
    assertThatThrownBy(chatty::authorization).hasMessageContaining("printed no JSON");
  }

  @Test
  void showsTheInstallHintOfAMissingProgram() throws IOException {
    Credentials missing =
        credentials("", "command: orchard-no-such-plugin, installHint: Get it from the shelf");
    assertThatThrownBy(missing::authorization)
        .hasMessageContaining("orchard-no-such-plugin cannot be run")
        .hasMessageEndingWith(". Get it from the shelf");
  }

  @Test
  void refusesAPluginThatMustHaveStandardInput() throws IOException {
    Credentials greedy = credentials("", "command: ./plugin, interactiveMode: Always");
    assertThatThrownBy(greedy::authorization).hasMessageContaining("wants standard input");
  }
}
