package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What kubectl asks bin/kubectl_complete-orchard. */
class CompletionTest {
  @TempDir Path home;
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
    kubernetes.readyVm("alpha");
    kubernetes.readyVm("beta");
    kubernetes.exec("job-1", "{\"spec\": {\"vmName\": \"alpha\"}}");
    kubernetes.exec("x;rm -rf", "{\"spec\": {\"vmName\": \"alpha\"}}");
  }

  @AfterEach
  void stop() {
    kubernetes.close();
  }

  private String completed(String... words) throws Exception {
    String[] all =
        Stream.concat(Stream.of("__complete"), Arrays.stream(words)).toArray(String[]::new);
    CliRun run = new CliRun(home).start(all);
    assertThat(run.exitCode()).isZero();
    assertThat(run.stderr()).isEmpty();
    return run.stdout().strip().replace('\n', ' ');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          p                          | ps port-forward :4
          exec _                     | alpha beta :4
          exec a                     | alpha :4
          exec -n team -i b          | beta :4
          exec alpha --time          | --timeout :4
          exec alpha --kube          | --kubeconfig :4
          exec alpha --user _        | :0
          exec alpha -- _            | :0
          attach _                   | job-1 :4
          logs -f j                  | job-1 :4
          kill nothing               | :4
          signal job-1 US            | USR1 USR2 :4
          ps _                       | alpha beta :4
          cp a                       | alpha: :2
          port-forward al            | alpha :4
          version _                  | :4
          nonsense _                 | attach cp exec kill logs port-forward ps signal version :4
          """)
  void offersWhatFits(String words, String candidates) throws Exception {
    String offered = completed(words(words));
    assertThat(offered.split(" ")).containsExactlyInAnyOrder(candidates.split(" "));
  }

  /** An underscore stands for a word of which nothing was typed yet. */
  private static String[] words(String text) {
    return Arrays.stream(text.split(" "))
        .map(word -> word.equals("_") ? "" : word)
        .toArray(String[]::new);
  }

  @Test
  void asksWhereTheLineSaysSo() throws Exception {
    assertThat(completed("exec", "--context", "none", "")).isEqualTo(":4");
    assertThat(completed("--server", "http://127.0.0.1:1", "exec", "")).isEqualTo(":4");
  }
}
