package dev.orchard.dev.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CertificateAuthorityTest {
  @TempDir private Path folder;

  @Test
  void signsForTheLoopbackInterfaceAlone() throws Exception {
    CertificateAuthority authority = authority();

    X509Certificate issued = read(authority.issue("controller").certificate());

    issued.verify(read(authority.certificateFile()).getPublicKey());
    assertThat(issued.getSubjectAlternativeNames())
        .containsExactlyInAnyOrder(List.of(2, "localhost"), List.of(7, "127.0.0.1"));
    assertThat(issued.getBasicConstraints()).isEqualTo(-1);
  }

  @Test
  void isTheSameWhenItIsOpenedAgain() {
    assertThat(authority().certificatePem()).isEqualTo(authority().certificatePem());
  }

  @Test
  void keepsItsFilesToItsOwner() throws Exception {
    authority().issue("controller");

    try (var files = Files.list(folder.resolve("pki"))) {
      assertThat(files)
          .hasSize(4)
          .allSatisfy(file ->
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                  .isEqualTo("rw-------"));
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("pki"))))
        .isEqualTo("rwx------");
  }

  private CertificateAuthority authority() {
    return CertificateAuthority.in(folder.resolve("pki"), "ca", Clock.systemUTC());
  }

  private static X509Certificate read(Path file) throws Exception {
    try (InputStream pem = Files.newInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
    }
  }
}
