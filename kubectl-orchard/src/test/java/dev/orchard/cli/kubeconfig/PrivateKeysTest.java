package dev.orchard.cli.kubeconfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateKeysTest {
  private static byte[] pem(String label, byte[] der) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(label, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der))
        .getBytes(StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void readsPkcs8(String algorithm) throws Exception {
    PrivateKey key = KeyPairGenerator.getInstance(algorithm).generateKeyPair().getPrivate();
    assertThat(PrivateKeys.read(pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
  }

  @Test
  void readsPkcs1() throws Exception {
    PrivateKey key = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();
    byte[] pkcs8 = key.getEncoded();
    // Behind the version, the algorithm and the octet string's own head.
    byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 26, pkcs8.length);
    assertThat(PrivateKeys.read(pem("RSA PRIVATE KEY", pkcs1))).isEqualTo(key);
  }

  @Test
  void readsSec1AsOpensslWritesIt() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    var pair = generator.generateKeyPair();
    byte[] scalar =
        Arrays.copyOfRange(
            pair.getPrivate().getEncoded(), 35, 67); // SEQ, INT 1, OCTET STRING of 32 bytes
    byte[] sec1 = new byte[49 + 2];
    System.arraycopy(new byte[] {0x30, 49, 2, 1, 1, 4, 32}, 0, sec1, 0, 7);
    System.arraycopy(scalar, 0, sec1, 7, 32);
    System.arraycopy(
        new byte[] {(byte) 0xa0, 10, 6, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 3, 1, 7},
        0,
        sec1,
        39,
        12);
    // openssl ecparam -name prime256v1 -genkey writes the curve first.
    String file =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
            + new String(pem("EC PRIVATE KEY", sec1), StandardCharsets.US_ASCII);
    byte[] pem = file.getBytes(StandardCharsets.US_ASCII);
    assertThat(((ECPrivateKey) PrivateKeys.read(pem)).getS())
        .isEqualTo(((ECPrivateKey) pair.getPrivate()).getS());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMP8=\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----"
      })
  void refusesWhatIsNone(String pem) {
    assertThatThrownBy(() -> PrivateKeys.read(pem.getBytes(StandardCharsets.US_ASCII)))
        .isInstanceOf(java.security.GeneralSecurityException.class)
        .hasMessageStartingWith("its ");
  }
}
