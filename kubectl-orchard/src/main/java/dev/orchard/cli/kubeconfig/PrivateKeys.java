package dev.orchard.cli.kubeconfig;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Private keys in PEM, in the three forms that kubectl takes: PKCS#8, and the older ones of RSA
 * (PKCS#1) and elliptic curves (SEC 1), which the JDK reads only once they are wrapped as PKCS#8.
 */
final class PrivateKeys {
  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;
  private static final int PARAMETERS = 0xa0;
  private static final byte[] VERSION_0 = {2, 1, 0};

  /** SEQUENCE { rsaEncryption, NULL }. */
  private static final byte[] RSA = {
    0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0
  };

  /** OBJECT IDENTIFIER ecPublicKey. */
  private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

  private PrivateKeys() {}

  /** The first key in the text. */
  static PrivateKey read(byte[] pem) throws GeneralSecurityException {
    Matcher block = BLOCK.matcher(new String(pem, StandardCharsets.US_ASCII));
    if (!block.find()) {
      throw new InvalidKeySpecException(
          "its key is no unencrypted PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY");
    }
    byte[] der = Base64.getMimeDecoder().decode(block.group(2));
    return switch (block.group(1)) {
      case "RSA PRIVATE KEY" -> key(wrapped(RSA, der), List.of("RSA"));
      case "EC PRIVATE KEY" -> key(wrapped(element(SEQUENCE, EC, curve(der)), der), List.of("EC"));
      default -> key(der, List.of("RSA", "EC", "EdDSA"));
    };
  }

  private static PrivateKey key(byte[] pkcs8, List<String> algorithms)
      throws GeneralSecurityException {
    for (String algorithm : algorithms) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (InvalidKeySpecException e) {
        // Another one's, or nobody's.
      }
    }
    throw new InvalidKeySpecException("its key is no key of " + String.join(", ", algorithms));
  }

  private static byte[] wrapped(byte[] algorithm, byte[] key) {
    return element(SEQUENCE, VERSION_0, algorithm, element(OCTET_STRING, key));
  }

  /** What stands in [0] of a SEC 1 key: the curve's object identifier. */
  private static byte[] curve(byte[] sec1) throws InvalidKeySpecException {
    try {
      ByteBuffer fields = content(ByteBuffer.wrap(sec1));
      while (fields.hasRemaining()) {
        int tag = fields.get(fields.position()) & 0xff;
        ByteBuffer content = content(fields);
        if (tag == PARAMETERS) {
          byte[] identifier = new byte[content.remaining()];
          content.get(identifier);
          return identifier;
        }
      }
    } catch (RuntimeException e) {
      throw new InvalidKeySpecException("its EC key is no DER", e);
    }
    throw new InvalidKeySpecException("its EC key does not name its curve");
  }

  /** The content of the element at the buffer's position, which moves behind it. */
  private static ByteBuffer content(ByteBuffer der) {
    der.get();
    int length = der.get() & 0xff;
    if (length > 0x80) {
      int bytes = length - 0x80;
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = (length << 8) | (der.get() & 0xff);
      }
    }
    ByteBuffer content = der.slice(der.position(), length);
    der.position(der.position() + length);
    return content;
  }

  private static byte[] element(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    ByteArrayOutputStream element = new ByteArrayOutputStream();
    element.write(tag);
    int length = content.size();
    if (length < 0x80) {
      element.write(length);
    } else {
      // DER allows no byte more than needed.
      int bytes = (39 - Integer.numberOfLeadingZeros(length)) / 8;
      element.write(0x80 + bytes);
      element.write(ByteBuffer.allocate(4).putInt(length).array(), 4 - bytes, bytes);
    }
    element.writeBytes(content.toByteArray());
    return element.toByteArray();
  }
}
