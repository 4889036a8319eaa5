package dev.orchard.controller.web;

import io.helidon.webserver.http.ServerRequest;
import java.net.Socket;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What clients prove themselves with in TLS, where they do. TLS itself takes any certificate, or
 * none: most clients are known by a token, and must not be cut off for a certificate that is
 * somebody else's business. Whoever needs to know a client judges the chain.
 */
public final class ClientCertificates {
  /** Bound while a WebSocket is opened, of which Helidon does not tell who opens it. */
  static final ScopedValue<Optional<X509Certificate[]>> OF_UPGRADE = ScopedValue.newInstance();

  private ClientCertificates() {}

  /** The chain of whoever sends a request, its own certificate first. */
  public static Optional<X509Certificate[]> of(ServerRequest request) {
    return x509(request.remotePeer().tlsCertificates());
  }

  /** The chain of whoever opens a WebSocket, in {@link SessionSocket.Opening#open}. */
  public static Optional<X509Certificate[]> ofUpgrade() {
    return OF_UPGRADE.get();
  }

  static Optional<X509Certificate[]> x509(Optional<Certificate[]> chain) {
    return chain.map(certificates ->
        Arrays.stream(certificates)
            .map(X509Certificate.class::cast)
            .toArray(X509Certificate[]::new));
  }

  /**
   * @param issuers whose certificates are of interest to somebody now; none: anybody's
   */
  static X509ExtendedTrustManager taking(Supplier<X509Certificate[]> issuers) {
    return new X509ExtendedTrustManager() {
      @Override
      public X509Certificate[] getAcceptedIssuers() {
        return issuers.get();
      }

      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type) {}

      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type) {
        throw new UnsupportedOperationException("this is a server");
      }

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
        throw new UnsupportedOperationException("this is a server");
      }

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
        throw new UnsupportedOperationException("this is a server");
      }
    };
  }
}
