package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cp asks of a VM, and what it makes of answers; the scripts themselves run end to end. */
class CopyTest {
  @TempDir Path home;
  @TempDir Path here;
  private final FakeKubernetes kubernetes = new FakeKubernetes();

  @BeforeEach
  void prepare() throws IOException {
    Files.createDirectories(home.resolve(".kube"));
    Files.writeString(
        home.resolve(".kube/config"),
        """
        current-context: test
        contexts: [{name: test, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "%s"}}]
        users: [{name: u, user: {token: t0ken}}]
        """
            .formatted(kubernetes.url()));
    kubernetes.readyVm("vm");
  }

  @AfterEach
  void stop() {
    kubernetes.close();
  }

  private CliRun cp(String... arguments) {
    String[] all = Stream.concat(Stream.of("cp"), Stream.of(arguments)).toArray(String[]::new);
    return new CliRun(home).start(all);
  }

  private Path target() throws IOException {
    return Files.writeString(here.resolve("target"), "before");
  }

  private String[] left() throws IOException {
    try (Stream<Path> files = Files.list(here)) {
      return files.map(file -> file.getFileName().toString()).sorted().toArray(String[]::new);
    }
  }

  @Test
  void downloadsAFileAndReplacesTheTarget() throws Exception {
    CliRun run = cp("vm:/etc/motd", target().toString());
    FakeKubernetes.Call created = kubernetes.call();
    assertThat(created.body().at("/spec/output/onLimit").asText()).isEqualTo("Block");
    assertThat(created.body().at("/spec/command").get(4).asText()).isEqualTo("/etc/motd");
    assertThat(created.body().at("/spec/command").get(5).asText()).isEqualTo("0");
    kubernetes
        .attachment()
        .started()
        .stdout(0, "file 640 - mo")
        .stdout(13, "td\nhello")
        .exit(0, "file 640 - motd\nhello", "");
    assertThat(run.exitCode()).as(run.stderr()).isZero();
    assertThat(here.resolve("target")).hasContent("hello");
    assertThat(Files.getPosixFilePermissions(here.resolve("target"))).hasSize(3);
    assertThat(left()).containsExactly("target");
  }

  @Test
  void replacesNothingWhereWhatCameIsNotWhatWasSent() throws Exception {
    CliRun run = cp("vm:/etc/motd", target().toString());
    kubernetes
        .attachment()
        .started()
        .stdout(0, "file 640 - motd\nhellO")
        .exit(0, "file 640 - motd\nhello", "");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("digests differ", "nothing was copied");
    assertThat(here.resolve("target")).hasContent("before");
    assertThat(left()).containsExactly("target");
  }

  @Test
  void tellsWhatTheVmsSideComplainsOf() throws Exception {
    CliRun run = cp("vm:/nothing", target().toString());
    kubernetes
        .attachment()
        .started()
        .stderr(0, "sh: /nothing: \u001b[2Jno such file")
        .exit(1, "", "sh: /nothing: \u001b[2Jno such file");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr())
        .isEqualTo("orchard: nothing was copied: sh: /nothing: \\u001b[2Jno such file\n");
    assertThat(here.resolve("target")).hasContent("before");
  }

  @ParameterizedTest
  @CsvSource({"nonsense", "file 644 - ../../etc/passwd", "dir 755 - ..", "file 644 x name"})
  void takesNoNameFromTheVmThatLeadsElsewhere(String head) throws Exception {
    CliRun run = cp("vm:/x", here.toString());
    kubernetes.attachment().started().stdout(0, head + "\nx");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("does not say what it sends");
    assertThat(left()).isEmpty();
  }

  @Test
  void callsTheCopyWhatTheUserSaysAndNotWhatTheVmDoes() throws Exception {
    CliRun run = cp("vm:/tmp/log", here.toString());
    String sent = "file 644 - .bashrc\nevil";
    kubernetes.attachment().started().stdout(0, sent).exit(0, sent, "");
    assertThat(run.exitCode()).as(run.stderr()).isZero();
    assertThat(left()).containsExactly("log");
  }

  @Test
  void goesOnWithAFileThatWasInterruptedAndChecksAllOfIt() throws Exception {
    Files.writeString(here.resolve(".motd.orchard-part"), "hel");
    CliRun run = cp("--resume", "vm:/etc/motd", here.toString());
    assertThat(kubernetes.call().body().at("/spec/command").get(5).asText()).isEqualTo("3");
    String sent = "file 644 " + hex("hello") + " motd\nlo";
    kubernetes.attachment().started().stdout(0, sent).exit(0, sent, "");
    assertThat(run.exitCode()).as(run.stderr()).isZero();
    assertThat(here.resolve("motd")).hasContent("hello");
    assertThat(left()).containsExactly("motd");
  }

  @Test
  void startsAgainWhereTheFileHasChangedMeanwhile() throws Exception {
    Files.writeString(here.resolve(".motd.orchard-part"), "hel");
    CliRun run = cp("--resume", "vm:/etc/motd", here.toString());
    String sent = "file 644 " + hex("jello") + " motd\nlo";
    kubernetes.attachment().started().stdout(0, sent).exit(0, sent, "");
    assertThat(run.exitCode()).isEqualTo(255);
    assertThat(run.stderr()).contains("changed meanwhile");
    assertThat(left()).isEmpty();
  }

  private static String hex(String text) {
    StringBuilder hex = new StringBuilder();
    for (byte b : FakeAttachment.sha256(text)) {
      hex.append(String.format("%02x", b));
    }
    return hex.toString();
  }

  @Test
  void uploadsAFileWithItsDigestAndMode() throws Exception {
    Path file = Files.writeString(here.resolve("tool"), "#!/bin/sh\n");
    assertThat(file.toFile().setExecutable(true, false)).isTrue();
    CliRun run = cp(file.toString(), "vm:/usr/local/bin/");
    var command = kubernetes.call().body().at("/spec/command");
    assertThat(command.get(4).asText()).isEqualTo("/usr/local/bin/");
    assertThat(command.get(5).asText()).isEqualTo("tool");
    assertThat(command.get(6).asText()).isEqualTo(hex("#!/bin/sh\n"));
    assertThat(command.get(7).asText()).matches("7[0-7]{2}");
    assertThat(command.get(8).asText()).isEqualTo("-");
    FakeAttachment attachment = kubernetes.attachment().started().ack(0);
    Frame.Stdin sent = attachment.stdin();
    assertThat(sent.data().toString(StandardCharsets.UTF_8)).isEqualTo("#!/bin/sh\n");
    attachment.ack(10).exit(0, "", "");
    assertThat(run.exitCode()).as(run.stderr()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"a, b", "vm:/a, vm:/b", "./vm:a, b", "vm:, b", "VM:/a, b", "vm:/a/.., ."})
  void wantsOneSideInAVm(String source, String target) throws Exception {
    assertThat(cp(source, target).exitCode()).isEqualTo(2);
  }

  @Test
  void findsOutWhatIsMissingHereBeforeItAsksForAnything() throws Exception {
    CliRun upload = cp(here.resolve("nothing").toString(), "vm:/x");
    assertThat(upload.exitCode()).isEqualTo(1);
    assertThat(upload.stderr()).contains("does not exist");
    CliRun download = cp("vm:/x", here.resolve("no/such/folder").toString());
    assertThat(download.exitCode()).isEqualTo(1);
    assertThat(download.stderr()).contains("there is no folder");
  }
}
