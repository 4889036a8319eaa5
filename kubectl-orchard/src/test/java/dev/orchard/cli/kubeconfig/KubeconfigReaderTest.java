package dev.orchard.cli.kubeconfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.cli.message.CliException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeconfigReaderTest {
  @TempDir Path home;

  private Kubeconfig read(Map<String, String> environment) {
    return new KubeconfigReader(environment, home, () -> Instant.EPOCH).read(null, null);
  }

  private Path write(String name, String text) throws IOException {
    Path file = home.resolve(name);
    Path directory = file.getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    return Files.writeString(file, text);
  }

  private static String config(String context, String user) {
    return """
    current-context: %1$s
    contexts: [{name: %1$s, context: {cluster: c, user: u}}]
    clusters: [{name: c, cluster: {server: "https://kube"}}]
    users: [{name: u, user: %2$s}]
    """
        .formatted(context, user);
  }

  @Test
  void readsTheFileInTheHomeDirectoryWhereNothingIsNamed() throws IOException {
    write(".kube/config", config("home", "{token: t}"));
    assertThat(read(Map.of()).context()).isEqualTo("home");
    assertThat(read(Map.of("KUBECONFIG", "")).context()).isEqualTo("home");
  }

  @Test
  void takesTheControllerAndItsAuthorityFromTheClustersExtension() throws IOException {
    String pem = "-----BEGIN CERTIFICATE-----\n";
    write(
        ".kube/config",
        """
        current-context: dev
        contexts: [{name: dev, context: {cluster: c, user: u, namespace: builds}}]
        clusters:
        - name: c
          cluster:
            server: https://kube
            extensions:
            - {name: somebody.else, extension: {server: "https://elsewhere"}}
            - name: orchard.dev
              extension:
                server: https://orchard:6120
                certificate-authority-data: %s
        users: [{name: u, user: {token: t}}]
        """
            .formatted(
                Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII))));
    Kubeconfig config = read(Map.of());
    assertThat(config.namespace()).isEqualTo("builds");
    assertThat(config.controller())
        .hasValueSatisfying(controller -> {
          assertThat(controller.server()).isEqualTo("https://orchard:6120");
          assertThat(controller.certificateAuthority())
              .hasValue(pem.getBytes(StandardCharsets.US_ASCII));
        });
  }

  @Test
  void theFirstFileThatHasANameWinsAsAWhole() throws IOException {
    Path first =
        write(
            "a",
            """
            contexts: [{name: x, context: {cluster: c, user: first}}]
            users: [{name: first, user: {token: one}}]
            """);
    Path second =
        write(
            "b",
            """
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: second, namespace: lost}}]
            users: [{name: second, user: {token: two}}]
            """);
    Kubeconfig config =
        read(
            Map.of(
                "KUBECONFIG",
                String.join(
                    File.pathSeparator,
                    home.resolve("missing").toString(),
                    "",
                    first.toString(),
                    second.toString())));
    assertThat(config.namespace()).isEqualTo("default");
    assertThat(config.credentials()).isEqualTo(new Credentials.Token("one"));
  }

  @Test
  void anExplicitFileStandsAloneAndMustExist() throws IOException {
    write(".kube/config", config("home", "{token: t}"));
    KubeconfigReader reader = new KubeconfigReader(Map.of(), home, () -> Instant.EPOCH);
    assertThatThrownBy(() -> reader.read(home.resolve("missing"), null))
        .isInstanceOf(CliException.class)
        .hasMessage("kubeconfig %s does not exist", home.resolve("missing"));
    assertThatThrownBy(() -> reader.read(write("only", config("only", "{}")), "home"))
        .hasMessage("no context 'home' in kubeconfig %s", home.resolve("only"));
  }

  @Test
  void saysWhatToDoWithoutACurrentContext() {
    assertThatThrownBy(() -> read(Map.of()))
        .hasMessage(
            "no current-context in kubeconfig %s: pass --context or --kubeconfig",
            home.resolve(".kube/config"));
  }

  @Test
  void namesAFileThatIsNoYaml() throws IOException {
    Path broken = write("broken", "a: [");
    assertThatThrownBy(() -> read(Map.of("KUBECONFIG", broken.toString())))
        .isInstanceOf(CliException.class)
        .hasMessageStartingWith("kubeconfig " + broken + " is no YAML");
  }

  @Test
  void readsATokenFileAnewForEachConnection() throws IOException {
    write("conf/config", config("x", "{tokenFile: secret/token, token: older}"));
    Path token = write("conf/secret/token", "one\n");
    Credentials credentials =
        read(Map.of("KUBECONFIG", home.resolve("conf/config").toString())).credentials();
    assertThat(credentials.authorization()).isEqualTo("Bearer one");
    Files.writeString(token, "two\n");
    assertThat(credentials.authorization()).isEqualTo("Bearer two");
  }

  @Test
  void sendsANameAndPasswordAsBasic() throws IOException {
    write(".kube/config", config("x", "{username: me, password: 'p:w'}"));
    assertThat(read(Map.of()).credentials().authorization())
        .isEqualTo(
            "Basic "
                + Base64.getEncoder().encodeToString("me:p:w".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void refusesWhatItCouldOnlyGetWrongOnceCredentialsAreNeeded() throws IOException {
    write(".kube/config", config("x", "{token: t, as: root}"));
    Credentials impersonating = read(Map.of()).credentials();
    assertThatThrownBy(impersonating::authorization)
        .hasMessageContaining("impersonates (as: root)");
    write(".kube/config", config("x", "{client-certificate-data: AA==, client-key-data: AA==}"));
    Credentials certificate = read(Map.of()).credentials();
    assertThatThrownBy(certificate::authorization)
        .hasMessageContaining("only a client certificate");
  }

  @Test
  void showsNoSecretInMessages() {
    assertThat(new Credentials.Token("s3cret").toString()).doesNotContain("s3cret");
    assertThat(new Credentials.Basic("me", "s3cret").toString()).doesNotContain("s3cret");
  }
}
