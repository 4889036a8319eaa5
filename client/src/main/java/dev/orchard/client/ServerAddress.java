package dev.orchard.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a server answers: the only place that credentials are sent to.
 *
 * @param base without a trailing slash; what stands in front of every path
 * @param certificateAuthority PEM of the only authority to trust; where absent the platform's
 * @param unverified whether any certificate will do, because the user said so
 */
public record ServerAddress(URI base, Optional<byte[]> certificateAuthority, boolean unverified) {
  /**
   * Checks a URL that a person or a kubeconfig named.
   *
   * @param source who named it, for the message
   */
  public static ServerAddress of(String url, String source, Optional<byte[]> certificateAuthority) {
    URI base;
    try {
      base = new URI(url.replaceFirst("/+$", ""));
    } catch (URISyntaxException e) {
      throw refused(url, source, "is no URL");
    }
    String scheme = base.getScheme();
    if (base.getHost() == null || scheme == null) {
      throw refused(url, source, "has no scheme and host");
    }
    if (base.getRawUserInfo() != null || base.getRawQuery() != null || base.getFragment() != null) {
      throw refused(url, source, "has more than a scheme, host, port and path");
    }
    switch (scheme.toLowerCase(Locale.ROOT)) {
      case "https" -> {}
      case "http" -> {
        if (!isLoopback(base.getHost())) {
          throw refused(url, source, "would carry credentials in the clear: use https");
        }
      }
      default -> throw refused(url, source, "is neither https nor http");
    }
    return new ServerAddress(base, certificateAuthority, false);
  }

  /** The same, whatever certificate it shows. */
  public ServerAddress withoutVerification() {
    return new ServerAddress(base, Optional.empty(), true);
  }

  private static ClientException refused(String url, String source, String why) {
    return new ClientException("%s: %s %s".formatted(source, url, why));
  }

  private static boolean isLoopback(String host) {
    String bare = host.replaceAll("^\\[|]$", "");
    if (bare.equals("localhost")) {
      return true;
    }
    try {
      return InetAddress.ofLiteral(bare).isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  URI http(String path) {
    return URI.create(base + path);
  }

  URI webSocket(String path) {
    return URI.create("ws" + base.toString().substring("http".length()) + path);
  }
}
