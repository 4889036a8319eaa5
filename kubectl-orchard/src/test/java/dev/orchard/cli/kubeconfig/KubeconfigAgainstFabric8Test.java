package dev.orchard.cli.kubeconfig;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What we read of one file is what an independent reader of kubeconfigs reads; that one knows no
 * tokenFile.
 */
class KubeconfigAgainstFabric8Test {
  private static final String FILE =
      """
      apiVersion: v1
      kind: Config
      preferences: {}
      current-context: plain
      contexts:
      - name: plain
        context: {cluster: c, user: token}
      - name: "spaced name"
        context: {cluster: c, user: "user:with/colon", namespace: builds}
      - name: basic
        context: {cluster: c, user: basic, namespace: ""}
      - name: plugin
        context: {cluster: c, user: plugin, namespace: p}
      clusters:
      - name: c
        cluster: {server: "https://kube:6443"}
      users:
      - name: token
        user: {token: abc}
      - name: "user:with/colon"
        user:
          token: >-
            folded
      - name: basic
        user: {username: me, password: "pass word"}
      - name: plugin
        user:
          exec:
            apiVersion: client.authentication.k8s.io/v1
            command: sh
            args:
            - -c
            - |
              echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
                "status":{"token":"'$VALUE'"}}'
            env:
            - {name: VALUE, value: printed}
            interactiveMode: Never
      """;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"-", "plain", "'spaced name'", "basic", "plugin"})
  void agreesOnContextNamespaceAndCredentials(@Nullable String context) throws IOException {
    Path file = Files.writeString(directory.resolve("config"), FILE);

    Kubeconfig ours =
        new KubeconfigReader(Map.of(), directory, () -> Instant.EPOCH).read(file, context);
    Config theirs = Config.fromKubeconfig(context, file.toFile());

    assertThat(ours.context()).isEqualTo(theirs.getCurrentContext().getName());
    String namespace = theirs.getNamespace();
    assertThat(ours.namespace())
        .isEqualTo(namespace == null || namespace.isEmpty() ? "default" : namespace);
    assertThat(ours.credentials().authorization()).isEqualTo(authorization(theirs));
  }

  private static String authorization(Config config) {
    if (config.getUsername() != null) {
      return new Credentials.Basic(config.getUsername(), config.getPassword()).authorization();
    }
    String token = config.getOauthToken();
    return "Bearer " + (token == null ? config.getAutoOAuthToken() : token);
  }
}
