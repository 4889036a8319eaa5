package dev.orchard.worker.road;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxy that an environment names.
 *
 * @param except hosts that are reached without it: a name, a domain with or without its dot, or
 *     {@code *} for all
 */
public record HttpProxy(String host, int port, List<String> except) {
  private static final int DEFAULT_PORT = 80;

  public HttpProxy {
    except = List.copyOf(except);
  }

  /**
   * What {@code HTTPS_PROXY} and {@code NO_PROXY} say, in capitals or not.
   *
   * @throws IllegalArgumentException where the proxy is no {@code http://HOST:PORT}
   */
  public static Optional<HttpProxy> of(Map<String, String> environment) {
    return variable(environment, "HTTPS_PROXY")
        .map(address -> {
          URI proxy = URI.create(address.contains("://") ? address : "http://" + address);
          if (proxy.getHost() == null
              || !"http".equals(proxy.getScheme())
              || proxy.getUserInfo() != null) {
            throw new IllegalArgumentException(
                "HTTPS_PROXY: is not http://HOST:PORT, without a user or a password");
          }
          return new HttpProxy(
              proxy.getHost(),
              proxy.getPort() < 0 ? DEFAULT_PORT : proxy.getPort(),
              variable(environment, "NO_PROXY").stream()
                  .flatMap(list -> Arrays.stream(list.split(",")))
                  .map(entry -> entry.strip().toLowerCase(Locale.ROOT))
                  .filter(entry -> !entry.isEmpty())
                  .toList());
        });
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .or(() -> Optional.ofNullable(environment.get(name.toLowerCase(Locale.ROOT))))
        .map(String::strip)
        .filter(value -> !value.isEmpty());
  }

  /** Whether connections to a host go through it. */
  boolean serves(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    return except.stream()
        .noneMatch(entry -> {
          String domain = entry.startsWith(".") ? entry.substring(1) : entry;
          return entry.equals("*") || name.equals(domain) || name.endsWith("." + domain);
        });
  }

  /** As Java's HTTP client wants it. */
  ProxySelector selector() {
    Proxy proxy = new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
    return new ProxySelector() {
      @Override
      public List<Proxy> select(URI target) {
        return List.of(serves(target.getHost()) ? proxy : Proxy.NO_PROXY);
      }

      @Override
      public void connectFailed(URI target, SocketAddress address, IOException failure) {}
    };
  }
}
