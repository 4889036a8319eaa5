package dev.orchard.cli.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.orchard.cli.kubeconfig.Kubeconfig;
import dev.orchard.cli.kubeconfig.KubeconfigReader;
import dev.orchard.cli.message.CliException;
import dev.orchard.client.Http;
import dev.orchard.client.ServerAddress;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over real TLS, with a server that wants to know who is there. */
class ClientCertificateTest {
  private static final char[] PASSWORD = "password".toCharArray();

  @TempDir Path folder;
  private HttpsServer server;
  private KeyStore user;
  private KeyStore host;

  @SuppressWarnings("NullAway.Init")
  ClientCertificateTest() {}

  @BeforeEach
  void serve() throws Exception {
    user = generate("user", "CN=alice,O=builders");
    host = generate("host", "CN=host");
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(host, PASSWORD);
    KeyStore users = KeyStore.getInstance("PKCS12");
    users.load(null, null);
    users.setCertificateEntry("user", user.getCertificate("user"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(users);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters wanted = tls.getDefaultSSLParameters();
            wanted.setNeedClientAuth(true);
            parameters.setSSLParameters(wanted);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          byte[] name =
              ("\"" + ((HttpsExchange) exchange).getSSLSession().getPeerPrincipal() + "\"")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, name.length);
          exchange.getResponseBody().write(name);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private KeyStore generate(String alias, String name) throws Exception {
    Path file = folder.resolve(alias + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                alias,
                "-dname",
                name,
                "-keyalg",
                "EC",
                "-ext",
                "san=ip:127.0.0.1",
                "-keystore",
                file.toString(),
                "-storepass",
                new String(PASSWORD))
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD);
    }
    return store;
  }

  private static String pem(String label, byte[] der) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(label, Base64.getMimeEncoder().encodeToString(der));
  }

  private String certificate(KeyStore store, String alias) throws Exception {
    return pem("CERTIFICATE", store.getCertificate(alias).getEncoded());
  }

  private String key() throws Exception {
    return pem("PRIVATE KEY", user.getKey("user", PASSWORD).getEncoded());
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  private String seenAs(String cluster, String userFields) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("config"),
            """
            current-context: c
            contexts: [{name: c, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://127.0.0.1:%d", %s}}]
            users: [{name: u, user: %s}]
            """
                .formatted(server.getAddress().getPort(), cluster, userFields));
    Kubeconfig config =
        new KubeconfigReader(Map.of(), folder, () -> Instant.EPOCH).read(file, null);
    ServerAddress address =
        ServerAddress.of(
            config.cluster().server(), "test", config.cluster().certificateAuthority());
    try (Http http =
        new Http(
            config.cluster().isUnverified() ? address.withoutVerification() : address,
            config.user(),
            status -> "status " + status)) {
      return http.send(http.request("/").build()).map(JsonNode::asText).orThrow();
    }
  }

  @Test
  void isShownFromDataInTheFile() throws Exception {
    assertThat(
            seenAs(
                "certificate-authority-data: " + base64(certificate(host, "host")),
                "{client-certificate-data: %s, client-key-data: %s}"
                    .formatted(base64(certificate(user, "user")), base64(key()))))
        .contains("CN=alice");
  }

  @Test
  void isShownFromFilesBesideIt() throws Exception {
    Files.writeString(folder.resolve("ca.pem"), certificate(host, "host"));
    Files.writeString(folder.resolve("user.pem"), certificate(user, "user"));
    Files.writeString(folder.resolve("user.key"), key());
    assertThat(
            seenAs(
                "certificate-authority: ca.pem",
                "{client-certificate: user.pem, client-key: user.key}"))
        .contains("CN=alice");
  }

  @Test
  void isShownFromAPluginToWhateverServerTheUserTrustsBlindly() throws Exception {
    Path plugin = folder.resolve("plugin.sh");
    Files.writeString(
        plugin,
        """
        #!/bin/sh
        cat <<'END'
        {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": %s}
        END
        """
            .formatted(
                new ObjectMapper()
                    .writeValueAsString(
                        Map.of(
                            "clientCertificateData",
                            certificate(user, "user"),
                            "clientKeyData",
                            key()))));
    assertThat(plugin.toFile().setExecutable(true)).isTrue();
    assertThat(
            seenAs(
                "insecure-skip-tls-verify: true",
                "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh,"
                    + " interactiveMode: Never}}"))
        .contains("CN=alice");
  }

  @Test
  void isNothingWithoutItsKey() throws Exception {
    String fields = "{client-certificate-data: %s}".formatted(base64(certificate(user, "user")));
    assertThatThrownBy(() -> seenAs("insecure-skip-tls-verify: true", fields))
        .isInstanceOf(CliException.class)
        .hasMessageContaining("no client-key");
  }
}
