package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.agent.process.TerminalSize;
import dev.orchard.cli.exec.PseudoTerminal;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.it.Programs.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code kubectl orchard exec} as a process of its own, against a real VM. */
@TestInstance(Lifecycle.PER_CLASS)
class CliIT {
  private static final String VM = "cli";
  private static final TerminalSize SIZE = new TerminalSize(24, 80);
  private static final String CTRL_C = "\u0003";

  private DevSystem system;

  @SuppressWarnings("NullAway.Init")
  CliIT() {}

  @BeforeAll
  void createVm() throws IOException, InterruptedException {
    system = DevSystem.with(RuntimeChoice.QEMU);
    new ExecClient(system).createVm(VM);
  }

  private Result exec(String input, String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("exec"));
    all.addAll(List.of(arguments));
    return Programs.orchard(system, input, all.toArray(String[]::new));
  }

  private PseudoTerminal terminal(String... arguments) throws InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(Programs.plugin().toString(), "exec", "-it", VM, "--"));
    command.addAll(List.of(arguments));
    return PseudoTerminal.run(SIZE, Programs.environment(system), command);
  }

  @Test
  void waitsForTheVmAndPrintsNothingButTheOutput() throws Exception {
    Result result = exec("", VM, "--", "/bin/echo", "hi");
    assertThat(result).isEqualTo(new Result(0, "hi\n", ""));
  }

  @Test
  void keepsStdoutAndStderrApart() throws Exception {
    Result result = exec("", VM, "--", "sh", "-c", "echo out; echo err >&2");
    assertThat(result).isEqualTo(new Result(0, "out\n", "err\n"));
  }

  @Test
  void pipesStdinThrough() throws Exception {
    assertThat(exec("one\ntwo\n", "-i", VM, "--", "cat"))
        .isEqualTo(new Result(0, "one\ntwo\n", ""));
  }

  @ParameterizedTest
  @CsvSource({"exit 7, 7", "kill -TERM $$, 143", "exit 125, 125"})
  void endsWithTheCodeOfTheCommand(String script, int code) throws Exception {
    assertThat(exec("", VM, "--", "sh", "-c", script).code()).isEqualTo(code);
  }

  @Test
  void endsWith127WhereTheProgramIsNotThere() throws Exception {
    Result result = exec("", VM, "--", "/no/such/program");
    assertThat(result.code()).isEqualTo(127);
    assertThat(result.stdout()).isEmpty();
    assertThat(result.stderr()).contains("/no/such/program");
  }

  @Test
  void endsWith124OnTimeout() throws Exception {
    assertThat(exec("", "--timeout", "1s", VM, "--", "sleep", "600").code()).isEqualTo(124);
  }

  @Test
  void passesEnvironmentDirectoryAndUser() throws Exception {
    Result result =
        exec(
            "",
            "--env",
            "A=b c",
            "--workdir",
            "/proc",
            "--user",
            "nobody",
            VM,
            "--",
            "sh",
            "-c",
            "echo $A; pwd; id -un");
    assertThat(result.stdout()).isEqualTo("b c\n/proc\nnobody\n");
  }

  @Test
  void printsFramesWithJson() throws Exception {
    Result result = exec("", "-o", "json", VM, "--", "/bin/echo", "hi");
    List<JsonNode> frames = result.stdout().lines().map(ExecClient::parse).toList();
    assertThat(frames)
        .extracting(frame -> frame.path("event").asText())
        .containsExactly("started", "stdout", "exit");
  }

  @Test
  void isFoundByKubectl() throws Exception {
    Result result = Programs.kubectl(system, "", "orchard", "exec", VM, "--", "/bin/echo", "hi");
    assertThat(result).isEqualTo(new Result(0, "hi\n", ""));
  }

  @Test
  void namesAVmThatIsNotThere() throws Exception {
    Result result = exec("", "nobody-made-it", "--", "true");
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.stderr()).contains("nobody-made-it");
    assertThat(result.stdout()).isEmpty();
  }

  @Test
  void isRefusedWithAWrongToken(@TempDir Path folder) throws Exception {
    String wrong = Files.readString(system.kubeconfig()).replace(system.token(), "not-the-token");
    Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), wrong);
    Result result = exec("", "--kubeconfig", kubeconfig.toString(), VM, "--", "true");
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.stderr()).contains("token").contains("401");
  }

  @Test
  void isATerminalInTheVm() throws Exception {
    try (PseudoTerminal terminal =
        terminal(
            "sh",
            "-c",
            "trap 'echo resized' WINCH; stty size; read go; "
                + "while [ -z \"$go\" ]; do read go; done; stty size; exit 5")) {
      terminal.awaitOnScreen("24 80");
      terminal.resize(50, 132);
      // The kernel of the guest tells the shell, which waits in the foreground.
      terminal.awaitOnScreen("resized");
      terminal.type("go\n");
      terminal.awaitOnScreen("50 132");
      assertThat(terminal.exitCode()).isEqualTo(5);
    }
  }

  @Test
  void sendsCtrlCToTheCommand() throws Exception {
    try (PseudoTerminal terminal =
        terminal(
            "sh",
            "-c",
            "trap 'echo caught; exit 3' INT; echo ready; " + "while :; do sleep 0.1; done")) {
      terminal.awaitOnScreen("ready");
      terminal.type(CTRL_C);
      terminal.awaitOnScreen("caught");
      assertThat(terminal.exitCode()).isEqualTo(3);
    }
  }

  @Test
  void leavesTheTerminalAsItWas() throws Exception {
    String script =
        "before=$(stty -g); \"$0\" exec -it %s -- true; [ \"$before\" = \"$(stty -g)\" ] && echo same"
            .formatted(VM);
    try (PseudoTerminal terminal =
        PseudoTerminal.run(
            SIZE,
            Programs.environment(system),
            List.of("sh", "-c", script, Programs.plugin().toString()))) {
      terminal.awaitOnScreen("same");
      assertThat(terminal.exitCode()).isZero();
    }
  }
}
