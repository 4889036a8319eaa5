package dev.orchard.dev.tls;

import dev.orchard.dev.secret.OwnerFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;

/**
 * Signs certificates for servers on the loopback interface. The authority itself is kept in its
 * folder, so that a kubeconfig stays good when dev is started again; what it signs is made anew.
 */
public final class CertificateAuthority {
  private static final Duration OWN_LIFETIME = Duration.ofDays(3650);
  private static final Duration ISSUED_LIFETIME = Duration.ofDays(365);
  // For clocks that differ a little, such as a container's host's.
  private static final Duration BACKDATED = Duration.ofHours(1);

  private final Path folder;
  private final Clock clock;
  private final PrivateKey key;
  private final X509Certificate certificate;

  private CertificateAuthority(
      Path folder, Clock clock, PrivateKey key, X509Certificate certificate) {
    this.folder = folder;
    this.clock = clock;
    this.key = key;
    this.certificate = certificate;
  }

  /** The authority {@code name} of the folder; made there if it is not there yet. */
  public static CertificateAuthority in(Path folder, String name, Clock clock) {
    OwnerFiles.folder(folder);
    Path keyFile = folder.resolve(name + ".key");
    Path certificateFile = folder.resolve(name + ".crt");
    try {
      if (!Files.exists(keyFile) || !Files.exists(certificateFile)) {
        KeyPair pair = newKeyPair();
        X509Certificate own = selfSigned(name, pair, clock.instant());
        OwnerFiles.write(certificateFile, pem("CERTIFICATE", own.getEncoded()));
        OwnerFiles.write(keyFile, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
      }
      return new CertificateAuthority(
          folder, clock, readKey(keyFile), readCertificate(certificateFile));
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException(
          "certificate authority " + certificateFile + ": " + e + "; delete it to get a new one",
          e);
    }
  }

  public Path certificateFile() {
    return folder.resolve(commonName() + ".crt");
  }

  public Path keyFile() {
    return folder.resolve(commonName() + ".key");
  }

  /** The authority's own certificate, to be trusted by clients. */
  public String certificatePem() {
    return OwnerFiles.read(certificateFile());
  }

  /**
   * A fresh key, and a certificate for it that is good for a server at localhost and 127.0.0.1 and
   * for a client by the given name. Both are files in the authority's folder.
   *
   * @param otherNames by which the server is called too
   */
  public KeyAndCertificate issue(String commonName, String... otherNames) {
    try {
      KeyPair pair = newKeyPair();
      Instant now = clock.instant();
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              certificate,
              serial(),
              Date.from(now.minus(BACKDATED)),
              Date.from(now.plus(ISSUED_LIFETIME)),
              new X500Name("CN=" + commonName),
              pair.getPublic());
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
          .addExtension(
              Extension.extendedKeyUsage,
              false,
              new ExtendedKeyUsage(
                  new KeyPurposeId[] {
                    KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                  }))
          .addExtension(
              Extension.authorityKeyIdentifier,
              false,
              extensions.createAuthorityKeyIdentifier(certificate))
          .addExtension(Extension.subjectAlternativeName, false, serverNames(otherNames));
      X509Certificate issued = sign(builder, key);
      Path certificateFile = folder.resolve(commonName + ".crt");
      Path keyFile = folder.resolve(commonName + ".key");
      OwnerFiles.write(certificateFile, pem("CERTIFICATE", issued.getEncoded()));
      OwnerFiles.write(keyFile, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
      return new KeyAndCertificate(keyFile, certificateFile);
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException("certificate for " + commonName, e);
    }
  }

  private static GeneralNames serverNames(String... others) {
    return new GeneralNames(
        Stream.concat(
                Stream.of(
                    new GeneralName(GeneralName.dNSName, "localhost"),
                    new GeneralName(GeneralName.iPAddress, "127.0.0.1")),
                Arrays.stream(others).map(name -> new GeneralName(GeneralName.dNSName, name)))
            .toArray(GeneralName[]::new));
  }

  private String commonName() {
    return certificate.getSubjectX500Principal().getName().replaceFirst("^CN=", "");
  }

  private static X509Certificate selfSigned(String name, KeyPair pair, Instant now)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    X500Name subject = new X500Name("CN=" + name);
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            subject,
            serial(),
            Date.from(now.minus(BACKDATED)),
            Date.from(now.plus(OWN_LIFETIME)),
            subject,
            pair.getPublic());
    builder
        .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
        .addExtension(
            Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
        .addExtension(
            Extension.subjectKeyIdentifier,
            false,
            new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
    return sign(builder, pair.getPrivate());
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException, OperatorCreationException {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
  }

  // P-256: every server here can use it, and it is quick to make.
  private static KeyPair newKeyPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private static BigInteger serial() {
    return new BigInteger(126, new SecureRandom()).add(BigInteger.ONE);
  }

  private static PrivateKey readKey(Path file) throws GeneralSecurityException, IOException {
    try (PemReader reader = new PemReader(new StringReader(OwnerFiles.read(file)))) {
      return KeyFactory.getInstance("EC")
          .generatePrivate(new PKCS8EncodedKeySpec(reader.readPemObject().getContent()));
    }
  }

  private static X509Certificate readCertificate(Path file) throws GeneralSecurityException {
    byte[] bytes = OwnerFiles.read(file).getBytes(StandardCharsets.US_ASCII);
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(bytes));
  }

  private static String pem(String type, byte[] der) throws IOException {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      writer.writeObject(new PemObject(type, der));
    }
    return text.toString();
  }
}
