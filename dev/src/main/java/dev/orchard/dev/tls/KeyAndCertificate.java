package dev.orchard.dev.tls;

import java.nio.file.Path;

/**
 * PEM files, as servers want them: an unencrypted PKCS #8 key and the certificate it belongs to.
 */
public record KeyAndCertificate(Path key, Path certificate) {}
