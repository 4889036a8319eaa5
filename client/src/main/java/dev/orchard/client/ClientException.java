package dev.orchard.client;

/**
 * It cannot be done, and trying again would not help: an address that is none, a certificate
 * authority that cannot be read, credentials that cannot be had. Nothing was sent.
 */
public class ClientException extends RuntimeException {
  public ClientException(String message) {
    super(message);
  }
}
