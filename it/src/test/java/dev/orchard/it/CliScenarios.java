package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.agent.process.TerminalSize;
import dev.orchard.cli.exec.PseudoTerminal;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.it.Programs.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command of the CLI as a process of its own, by whichever way. The VM is a process, so that
 * its files and ports are this machine's.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class CliScenarios {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  protected final String vm;
  private final List<String> way;

  @TempDir protected Path folder;
  protected DevSystem system;

  @SuppressWarnings("NullAway.Init")
  CliScenarios(String vm, String... way) {
    this.vm = vm;
    this.way = List.of(way);
  }

  @BeforeAll
  void createVm() throws IOException, InterruptedException {
    system = DevSystem.with(RuntimeChoice.PROCESS);
    applyVm(vm, "{}");
  }

  protected void applyVm(String name, String labels) throws IOException, InterruptedException {
    Result applied =
        Programs.kubectl(
            system,
            """
            apiVersion: orchard.dev/v1alpha1
            kind: VM
            metadata: {name: %s, labels: %s}
            spec: {image: default}
            """
                .formatted(name, labels),
            "apply",
            "-f",
            "-");
    assertThat(applied.code()).as(applied.stderr()).isZero();
  }

  /** The session as this way's commands name it. */
  abstract String named(String session);

  private String[] command(String... arguments) {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.addAll(1, way);
    return all.toArray(String[]::new);
  }

  protected Result orchard(String... arguments) throws IOException, InterruptedException {
    return Programs.orchard(system, "", command(arguments));
  }

  private String start(String name, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("exec", vm, "-d", "--name", name, "--"));
    all.addAll(List.of(command));
    Result started = orchard(all.toArray(String[]::new));
    assertThat(started).isEqualTo(new Result(0, named(name) + "\n", ""));
    return named(name);
  }

  @Test
  void runsACommandWithItsOutputAndItsCode() throws Exception {
    assertThat(orchard("exec", vm, "--", "sh", "-c", "echo out; echo err >&2; exit 7"))
        .isEqualTo(new Result(7, "out\n", "err\n"));
  }

  @Test
  void pipesInputThrough() throws Exception {
    assertThat(Programs.orchard(system, "one\ntwo\n", command("exec", vm, "-i", "--", "cat")))
        .isEqualTo(new Result(0, "one\ntwo\n", ""));
  }

  @Test
  void saysThatThereIsNoSuchVm() throws Exception {
    Result result = orchard("exec", "nobody-made-it", "--", "true");
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.stderr()).contains("nobody-made-it", "(404)");
  }

  @Test
  void comesBackToASessionThatItLeft() throws Exception {
    String name = vm + "-left";
    String session = start(name, "sh", "-c", "echo hi; exit 4");
    assertThat(orchard("attach", session)).isEqualTo(new Result(4, "hi\n", ""));
    assertThat(orchard("logs", session)).isEqualTo(new Result(0, "hi\n", ""));
    assertThat(orchard("logs", "-f", "--from", "1", session)).isEqualTo(new Result(0, "i\n", ""));
    assertThat(orchard("ps", vm, "-o", "name").stdout().lines()).contains(session);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(orchard("ps", vm).stdout())
                .containsPattern(name + " +" + vm + " +Failed +4 .* sh -c 'echo hi; exit 4'"));
    assertThat(orchard("exec", vm, "--name", name, "--", "sh", "-c", "echo hi; exit 4").code())
        .isEqualTo(4);
    Result other = orchard("exec", vm, "--name", name, "--", "true");
    assertThat(other.code()).isEqualTo(255);
    assertThat(other.stderr()).contains("another command", "(409)");
  }

  @Test
  void printsOnlyWhatComesFromNowOn() throws Exception {
    Path go = folder.resolve("go");
    String session =
        start(
            vm + "-end",
            "sh",
            "-c",
            "echo before; while [ ! -e " + go + " ]; do sleep 0.1; done; echo after");
    await().atMost(PATIENCE).until(() -> orchard("logs", session).stdout().equals("before\n"));
    Process attached = Programs.start(system, command("attach", session, "--since", "end"));
    // Where it begins is known as soon as it is one of the readers, which nobody tells us.
    Files.createFile(go);
    String printed = new String(attached.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(attached.waitFor()).isZero();
    assertThat(printed).isIn("after\n", "");
  }

  private PseudoTerminal terminal(TerminalSize size, String... arguments)
      throws InterruptedException {
    List<String> command = new ArrayList<>(List.of(Programs.plugin().toString()));
    command.addAll(List.of(command(arguments)));
    return PseudoTerminal.run(size, Programs.environment(system), command);
  }

  @Test
  void leavesATerminalAndComesBackToIt() throws Exception {
    String name = vm + "-shell";
    try (PseudoTerminal terminal =
        terminal(new TerminalSize(24, 80), "exec", "-it", vm, "--name", name, "--", "sh")) {
      terminal.type("stty size\r");
      terminal.awaitOnScreen("24 80");
      terminal.type("\r~d");
      assertThat(terminal.exitCode()).isEqualTo(255);
      terminal.awaitOnScreen("which runs on: kubectl orchard attach " + named(name));
    }
    try (PseudoTerminal terminal =
        terminal(new TerminalSize(50, 132), "attach", "-i", "--since", "end", named(name))) {
      terminal.type("stty size\r");
      terminal.awaitOnScreen("50 132");
      terminal.type("exit 3\r");
      assertThat(terminal.exitCode()).isEqualTo(3);
    }
  }

  @Test
  void signalsASession() throws Exception {
    String session =
        start(
            vm + "-signal",
            "sh",
            "-c",
            "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; done");
    await().atMost(PATIENCE).until(() -> orchard("logs", session).stdout().equals("ready\n"));
    assertThat(orchard("signal", session, "USR1")).isEqualTo(new Result(0, "", ""));
    assertThat(orchard("attach", session).code()).isEqualTo(9);
  }

  @Test
  void killsASession() throws Exception {
    String session = start(vm + "-kill", "sleep", "600");
    assertThat(orchard("kill", session)).isEqualTo(new Result(0, "", ""));
    Result ended = orchard("attach", session);
    assertThat(ended.code()).isIn(143, 255);
    assertThat(ended.stderr()).contains("cancelled");
  }

  @Test
  void copiesAFileThereAndBack() throws Exception {
    byte[] bytes = new byte[3 << 20];
    new Random(1).nextBytes(bytes);
    Path file = Files.write(folder.resolve("big"), bytes);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x---"));
    Path there = Files.createDirectory(folder.resolve("there"));
    assertThat(orchard("cp", file.toString(), vm + ":" + there)).isEqualTo(new Result(0, "", ""));
    assertThat(there.resolve("big")).hasBinaryContent(bytes);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(there.resolve("big"))))
        .isEqualTo("rwxr-x---");
    Path back = Files.writeString(folder.resolve("back"), "before");
    assertThat(orchard("cp", vm + ":" + there.resolve("big"), back.toString()))
        .isEqualTo(new Result(0, "", ""));
    assertThat(back).hasBinaryContent(bytes);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(back)))
        .isEqualTo("rwxr-x---");
    assertThat(there.toFile().list()).containsExactly("big");
  }

  @Test
  void copiesAFolderThereAndBack() throws Exception {
    Path source = Files.createDirectories(folder.resolve("src/deep"));
    Files.writeString(source.resolve("a b"), "content");
    Files.createSymbolicLink(source.resolve("link"), Path.of("a b"));
    Path there = Files.createDirectory(folder.resolve("vm"));
    String from = folder.resolve("src").toString();
    assertThat(orchard("cp", from, vm + ":" + there + "/")).isEqualTo(new Result(0, "", ""));
    assertThat(there.resolve("src/deep/a b")).hasContent("content");
    assertThat(orchard("cp", vm + ":" + there + "/src", folder.resolve("copy").toString()))
        .isEqualTo(new Result(0, "", ""));
    assertThat(folder.resolve("copy/deep/link")).isSymbolicLink().hasContent("content");
    Result again = orchard("cp", from, vm + ":" + there);
    assertThat(again.code()).isEqualTo(255);
    assertThat(again.stderr()).contains("is there already");
    assertThat(there.toFile().list()).containsExactly("src");
  }

  @Test
  void goesOnWithCopiesOfAnEarlierRun() throws Exception {
    Path file = Files.writeString(folder.resolve("resumed"), "0123456789");
    Path there = Files.createDirectory(folder.resolve("resumed-there"));
    Files.writeString(there.resolve("resumed.orchard-part"), "01234");
    String target = vm + ":" + there + "/";
    assertThat(orchard("cp", "--resume", file.toString(), target)).isEqualTo(new Result(0, "", ""));
    assertThat(there.resolve("resumed")).hasContent("0123456789");
    Files.writeString(there.resolve("resumed.orchard-part"), "wrong");
    assertThat(orchard("cp", "--resume", file.toString(), target).code()).isZero();
    assertThat(there.resolve("resumed")).hasContent("0123456789");
    Files.writeString(folder.resolve(".back-again.orchard-part"), "0123");
    assertThat(
            orchard(
                "cp",
                "--resume",
                vm + ":" + there.resolve("resumed"),
                folder.resolve("back-again").toString()))
        .isEqualTo(new Result(0, "", ""));
    assertThat(folder.resolve("back-again")).hasContent("0123456789");
    assertThat(there.toFile().list()).containsExactly("resumed");
  }

  @Test
  void saysWhatItCannotCopy() throws Exception {
    Path target = Files.writeString(folder.resolve("kept"), "kept");
    Result result = orchard("cp", vm + ":/no/such/file", target.toString());
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.stderr()).contains("nothing was copied", "/no/such/file");
    assertThat(target).hasContent("kept");
  }

  @Test
  void forwardsAPort() throws Exception {
    try (ServerSocket service = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread.ofVirtual()
          .start(() -> {
            while (true) {
              try (Socket accepted = service.accept()) {
                // All of it, and only then: who cannot half-close would wait for ever.
                byte[] asked = accepted.getInputStream().readAllBytes();
                accepted.getOutputStream().write(asked);
              } catch (IOException e) {
                return;
              }
            }
          });
      Process forward =
          Programs.start(system, command("port-forward", vm, ":" + service.getLocalPort()));
      try (BufferedReader lines = forward.inputReader()) {
        String line = lines.readLine();
        assertThat(line).startsWith("Forwarding 127.0.0.1:").endsWith(" of " + vm);
        int port = Integer.parseInt(line.replaceFirst(".*?:(\\d+) .*", "$1"));
        for (String text : List.of("first", "second ".repeat(50_000))) {
          try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(bytes);
          }
        }
        forward.destroy();
        assertThat(forward.waitFor()).isEqualTo(143);
      }
    }
  }
}
