package dev.orchard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

  private int run(String... args) {
    return Cli.run(args, new ByteArrayInputStream(new byte[0]), stdout, stderr);
  }

  private String stdout() {
    return stdout.toString(StandardCharsets.UTF_8);
  }

  private String stderr() {
    return stderr.toString(StandardCharsets.UTF_8);
  }

  @Test
  void printsItsVersion() {
    assertThat(run("version")).isZero();
    assertThat(stdout()).matches("kubectl-orchard \\d+\\.\\d+\\.\\d+.*\n");
    assertThat(stderr()).isEmpty();
  }

  @Test
  void helpGoesToStandardOutputAndShowsTheSeparator() {
    assertThat(run("exec", "--help")).isZero();
    assertThat(stdout())
        .contains("kubectl orchard exec VM [OPTIONS] -- COMMAND", "--kubeconfig", "--wait");
    assertThat(stderr()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "exec                          | which VM?",
        "exec vm                       | the command goes behind --",
        "exec vm --                    | the command goes behind --",
        "exec vm ls                    | the command goes behind --",
        "exec vm ls -- -l              | the command goes behind --",
        "exec VM -- ls                 | VM 'VM' is no name",
        "exec a/b -- ls                | VM 'a/b' is no name",
        "exec vm --env X -- ls         | --env 'X' is not NAME=VALUE",
        "exec vm --timeout 5x -- ls    | --timeout '5x' is not a duration",
        "exec vm --wait 0 -- ls        | --wait '0' is not a duration",
        "exec vm -o yaml -- ls         | yaml",
        "exec vm --nonsense -- ls      | --nonsense",
        "exec vm -it -- ls             | -it needs a terminal",
        "exec vm -ti -- ls             | -it needs a terminal",
        "exec vm -l a=b -- ls          | -l stands in place of VM",
        "exec -l a=b                   | the command goes behind --",
        "exec -l a=b -i -- ls          | -l goes with none of -i",
        "exec -l a=b --parallel 0 -- x | --parallel 0 is not 1 to 1000",
        "exec vm --name A -- ls        | --name 'A' is no name",
        "exec vm -d -o json -- ls      | leave out -o",
        "exec vm --escape ^] -- ls     | --escape '^]'",
        "exec vm --on-disconnect x -- l | on-disconnect",
        "attach                        | SESSION",
        "attach a --takeover           | --takeover is of no use without -i",
        "attach a --since yesterday    | --since",
        "logs a --from -1              | --from -1 is negative",
        "logs a b                      | b",
        "ps VM                         | VM 'VM' is no name",
        "signal a                      | SIGNAL",
        "cp vm:/a                      | DST",
        "port-forward vm               | [LOCAL:]REMOTE",
        "port-forward vm 70000         | port '70000'",
        "port-forward vm 1:0           | port '1:0'",
        "port-forward vm x:80          | port 'x:80'",
        "nonsense                      | nonsense",
      })
  void refusesWhatCannotBe(String line, String message) {
    assertThat(run(line.split(" "))).isEqualTo(2);
    assertThat(stderr()).startsWith("orchard: ").contains(message);
    assertThat(stdout()).isEmpty();
  }

  @Test
  void withoutACommandItShowsWhatThereIs() {
    assertThat(run()).isEqualTo(2);
    assertThat(stderr()).contains("exec", "version");
    assertThat(stdout()).isEmpty();
  }
}
