package dev.orchard.worker.road;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where one replica is, or several are: {@code HOST:PORT} of their gRPC port, {@code
 * https://HOST:PORT} of their HTTP port, or both with a bar between them.
 */
public record ReplicaAddress(Optional<String> grpc, Optional<URI> http) {
  private static final Pattern HOST_AND_PORT = Pattern.compile("[^/|@ ]+:[0-9]{1,5}");
  private static final String HTTPS = "https://";

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static ReplicaAddress parse(String text) {
    String grpc = null;
    String http = null;
    for (String part : text.split("\\|", -1)) {
      String hostAndPort = part.startsWith(HTTPS) ? part.substring(HTTPS.length()) : part;
      boolean again = part.startsWith(HTTPS) ? http != null : grpc != null;
      if (again || !HOST_AND_PORT.matcher(hostAndPort).matches()) {
        throw new IllegalArgumentException(
            "--controllers: '%s' is not HOST:PORT, https://HOST:PORT or HOST:PORT|https://HOST:PORT"
                .formatted(text));
      }
      if (part.startsWith(HTTPS)) {
        http = part;
      } else {
        grpc = part;
      }
    }
    return new ReplicaAddress(
        Optional.ofNullable(grpc), Optional.ofNullable(http).map(URI::create));
  }

  /** What is to be resolved, where a transport is taken. */
  String host(Transport transport) {
    String authority =
        transport == Transport.HTTP || grpc.isEmpty()
            ? http.orElseThrow().getRawAuthority()
            : grpc.get();
    return authority.substring(0, authority.lastIndexOf(':'));
  }

  /** Fails where a transport has no road to it. */
  public void require(Transport transport) {
    if (transport == Transport.GRPC && grpc.isEmpty()) {
      throw new IllegalArgumentException(
          "--controllers: '%s' has no HOST:PORT, which --transport grpc needs"
              .formatted(http.orElseThrow()));
    }
    if (transport == Transport.HTTP && http.isEmpty()) {
      throw new IllegalArgumentException(
          "--controllers: '%s' has no https://HOST:PORT, which --transport http needs"
              .formatted(grpc.orElseThrow()));
    }
  }

  /** As it is written. */
  @Override
  public String toString() {
    return Stream.concat(grpc.stream(), http.map(URI::toString).stream())
        .collect(Collectors.joining("|"));
  }
}
