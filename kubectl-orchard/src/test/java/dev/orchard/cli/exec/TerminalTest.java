package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.agent.process.TerminalSize;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The CLI as a process of its own on a terminal. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "guests, whose terminals are used here, are Linux")
class TerminalTest {
  private static final int TERM = 15;

  /** Says whether the program left the terminal as it was; a signal does not end the shell. */
  private static final String GUARD =
      "trap : INT TERM; before=$(stty -g); \"$@\"; code=$?;"
          + " [ \"$before\" = \"$(stty -g)\" ] && echo as-it-was; exit $code";

  @TempDir Path home;
  private final FakeController controller = new FakeController();

  @BeforeEach
  void writeKubeconfig() throws IOException {
    Files.createDirectories(home.resolve(".kube"));
    Files.writeString(
        home.resolve(".kube/config"),
        """
        current-context: test
        contexts: [{name: test, context: {user: u}}]
        users: [{name: u, user: {token: t}}]
        """);
  }

  @AfterEach
  void stop() {
    controller.close();
  }

  private PseudoTerminal cli(String... arguments) throws InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "/bin/sh",
                "-c",
                GUARD,
                "sh",
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.orchard.cli.Main",
                "exec",
                "vm",
                "--server",
                controller.url()));
    command.addAll(List.of(arguments));
    return PseudoTerminal.run(
        new TerminalSize(30, 100),
        Map.of("HOME", home.toString(), "PATH", System.getenv("PATH")),
        command);
  }

  @Test
  void passesKeysAndSizesOnAndLeavesTheTerminalAsItWas() throws Exception {
    try (PseudoTerminal terminal = cli("-it", "--", "sh")) {
      assertThat(controller.creation().body().path("tty").toString())
          .isEqualTo("{\"rows\":30,\"cols\":100}");
      FakeAttachment attachment = controller.attachment().started().ack(0);
      terminal.resize(50, 132);
      assertThat(attachment.received()).isEqualTo(new Frame.Resize(50, 132));
      attachment.stdout(0, "$ ");
      terminal.awaitOnScreen("$ ");
      terminal.type("\u0003");
      assertThat(attachment.stdin().data().toStringUtf8()).isEqualTo("\u0003");
      attachment.stdout(2, "raw\nstair").exit(7, "$ raw\nstair", "");
      assertThat(terminal.exitCode()).isEqualTo(7);
      terminal.awaitOnScreen("as-it-was");
      assertThat(terminal.screen()).startsWith("$ raw\nstair").doesNotContain("^C");
    }
  }

  @Test
  void leavesTheTerminalAsItWasWhenItIsKilled() throws Exception {
    try (PseudoTerminal terminal = cli("-it", "--", "sh")) {
      FakeAttachment attachment = controller.attachment().started().ack(0).stdout(0, "up");
      terminal.awaitOnScreen("up");
      terminal.type("x");
      assertThat(attachment.stdin().data().toStringUtf8()).isEqualTo("x");
      terminal.signal(TERM);
      assertThat(attachment.received()).isEqualTo(new Frame.Signal("TERM"));
      terminal.signal(TERM);
      assertThat(terminal.exitCode()).isEqualTo(143);
      terminal.awaitOnScreen("as-it-was");
    }
  }

  @Test
  void ctrlCOnATerminalThatIsNotRawGoesToTheCommandAsASignal() throws Exception {
    try (PseudoTerminal terminal = cli("--", "sleep")) {
      FakeAttachment attachment = controller.attachment().started().stdout(0, "up");
      terminal.awaitOnScreen("up");
      terminal.type("\u0003");
      assertThat(attachment.received()).isEqualTo(new Frame.Signal("INT"));
      attachment.exit(9, "up", "");
      assertThat(terminal.exitCode()).isEqualTo(9);
    }
  }

  @Test
  void hangsUpByTheEscapeKeys() throws Exception {
    try (PseudoTerminal terminal = cli("-it", "--", "sh")) {
      FakeAttachment attachment = controller.attachment().started().ack(0).stdout(0, "up");
      terminal.awaitOnScreen("up");
      terminal.type("ls\r");
      assertThat(attachment.stdin().data().toStringUtf8()).isEqualTo("ls\r");
      terminal.type("~.");
      assertThat(attachment.received()).isEqualTo(new Frame.Signal("HUP"));
      assertThat(terminal.exitCode()).isEqualTo(129);
      terminal.awaitOnScreen("as-it-was");
      assertThat(terminal.screen()).contains("hung up on session vm/vm-");
    }
  }

  @Test
  void leavesTheCommandRunningByTheEscapeKeys() throws Exception {
    try (PseudoTerminal terminal = cli("-it", "--", "sh")) {
      FakeAttachment attachment = controller.attachment().started().ack(0).stdout(0, "up");
      terminal.awaitOnScreen("up");
      terminal.type("~?");
      terminal.awaitOnScreen("~d leaves it running");
      terminal.type("make\r~d");
      assertThat(attachment.stdin().data().toStringUtf8()).isEqualTo("make\r");
      assertThat(attachment.received()).isEqualTo(new Frame.Detach());
      assertThat(terminal.exitCode()).isEqualTo(255);
      terminal.awaitOnScreen("as-it-was");
      assertThat(terminal.screen()).contains("which runs on: kubectl orchard attach vm/vm-");
    }
  }
}
