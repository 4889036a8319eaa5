package dev.orchard.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** TLS that trusts what the address says, and shows the user's certificate if there is one. */
final class Tls {
  private Tls() {}

  /** Empty where the platform's own will do: building one costs start-up time. */
  static Optional<SSLContext> context(ServerAddress address, Identity identity) {
    boolean usual = address.certificateAuthority().isEmpty() && !address.unverified();
    if (address.base().getScheme().equalsIgnoreCase("http")) {
      return Optional.empty();
    }
    Optional<X509ExtendedKeyManager> keys = identity.keys();
    if (usual && keys.isEmpty()) {
      return Optional.empty();
    }
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.map(shown -> new KeyManager[] {shown}).orElse(null), trust(address), null);
      return Optional.of(context);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("TLS cannot be set up", e);
    }
  }

  private static TrustManager @Nullable [] trust(ServerAddress address) {
    if (address.unverified()) {
      return new TrustManager[] {new Anybody()};
    }
    return address.certificateAuthority().map(Tls::only).orElse(null);
  }

  static TrustManager[] only(byte[] pem) {
    try {
      Collection<? extends Certificate> authorities =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem));
      if (authorities.isEmpty()) {
        throw new CertificateException("it is empty");
      }
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (Certificate authority : authorities) {
        store.setCertificateEntry("authority-" + number++, authority);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      return trust.getTrustManagers();
    } catch (GeneralSecurityException | IOException e) {
      throw new ClientException(
          "the server's certificate authority holds no certificates: " + e.getMessage());
    }
  }

  /** For {@code insecure-skip-tls-verify}; an extended one, or the JDK would check names itself. */
  private static final class Anybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
