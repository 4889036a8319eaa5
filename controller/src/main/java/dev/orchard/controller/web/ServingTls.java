package dev.orchard.controller.web;

import io.helidon.common.configurable.Resource;
import io.helidon.common.pki.Keys;
import io.helidon.common.tls.Tls;
import io.helidon.common.tls.TlsClientAuth;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The server's side of TLS: a certificate of its own, and of clients one is wanted, not demanded.
 */
final class ServingTls {
  private static final char[] NO_PASSWORD = new char[0];

  private ServingTls() {}

  /**
   * @param certificate PEM file of the chain
   * @param privateKey PEM file, PKCS #8
   */
  static Tls of(Path certificate, Path privateKey, X509ExtendedTrustManager clients) {
    Keys keys =
        Keys.builder()
            .pem(
                pem -> pem.key(Resource.create(privateKey)).certChain(Resource.create(certificate)))
            .build();
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, NO_PASSWORD);
      store.setKeyEntry(
          "serving",
          keys.privateKey().orElseThrow(),
          NO_PASSWORD,
          keys.certChain().toArray(X509Certificate[]::new));
      KeyManagerFactory own =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      own.init(store, NO_PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(own.getKeyManagers(), new TrustManager[] {clients}, null);
      return Tls.builder().sslContext(context).clientAuth(TlsClientAuth.OPTIONAL).build();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("the server's certificate " + certificate, e);
    }
  }
}
