package dev.orchard.worker.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CommandTest {
  private static final Command PLAIN = new Command(List.of("true"), List.of(), "", "", null, false);

  @Test
  void whatAnAgentCannotDoIsNamed() {
    Command rich =
        new Command(
            List.of("true"),
            List.of(new Command.Variable("A", "b")),
            "/tmp",
            "nobody",
            new Command.Terminal(24, 80),
            true);

    assertThat(PLAIN.lacking(List.of("pipes"))).isEmpty();
    assertThat(PLAIN.lacking(List.of("tty")).orElseThrow()).contains("'pipes'");
    assertThat(rich.lacking(List.of("tty", "env", "workdir", "user"))).isEmpty();
    assertThat(rich.lacking(List.of("pipes")).orElseThrow()).contains("'tty'");
    assertThat(rich.lacking(List.of("tty", "workdir", "user")).orElseThrow()).contains("'env'");
    assertThat(rich.lacking(List.of("tty", "env", "user")).orElseThrow()).contains("'workdir'");
    assertThat(rich.lacking(List.of("tty", "env", "workdir")).orElseThrow()).contains("'user'");
  }
}
