package dev.orchard.worker;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;

/** A certificate of localhost that vouches for itself, made by the JDK's own keytool. */
record TestCertificate(Path ca, KeyManagerFactory keys) {
  private static final String PASSWORD = "changeit";

  static TestCertificate create(Path folder) throws IOException, InterruptedException {
    Path store = folder.resolve("controller.p12");
    Path ca = folder.resolve("ca.pem");
    keytool(
        "-genkeypair",
        "-alias",
        "c",
        "-keyalg",
        "EC",
        "-dname",
        "CN=localhost",
        "-ext",
        "SAN=dns:localhost,ip:127.0.0.1",
        "-ext",
        "BC:c",
        "-keystore",
        store.toString(),
        "-storepass",
        PASSWORD);
    keytool(
        "-exportcert",
        "-rfc",
        "-alias",
        "c",
        "-keystore",
        store.toString(),
        "-storepass",
        PASSWORD,
        "-file",
        ca.toString());
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(in, PASSWORD.toCharArray());
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(keys, PASSWORD.toCharArray());
      return new TestCertificate(ca, factory);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void keytool(String... arguments) throws IOException, InterruptedException {
    ProcessBuilder keytool =
        new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    keytool.command().addAll(java.util.List.of(arguments));
    Process process =
        keytool.redirectErrorStream(true).redirectOutput(new File("/dev/null")).start();
    if (process.waitFor() != 0) {
      throw new IllegalStateException("keytool " + arguments[0] + ": " + process.exitValue());
    }
  }
}
