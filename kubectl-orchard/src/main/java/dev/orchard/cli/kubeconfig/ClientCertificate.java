package dev.orchard.cli.kubeconfig;

import dev.orchard.cli.message.CliException;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A certificate and its key.
 *
 * @param chain the user's own first
 */
public record ClientCertificate(PrivateKey key, List<X509Certificate> chain) {
  /**
   * From PEM.
   *
   * @param source who has them, for the message
   */
  static ClientCertificate of(byte[] certificate, byte[] key, String source) {
    try {
      List<X509Certificate> chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(certificate))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (chain.isEmpty()) {
        throw new CertificateException("no certificate in it");
      }
      return new ClientCertificate(PrivateKeys.read(key), chain);
    } catch (GeneralSecurityException e) {
      throw CliException.local(
          "the client certificate of %s cannot be used: %s".formatted(source, e.getMessage()));
    }
  }

  @Override
  public String toString() {
    return "ClientCertificate[" + chain.getFirst().getSubjectX500Principal() + "]";
  }
}
