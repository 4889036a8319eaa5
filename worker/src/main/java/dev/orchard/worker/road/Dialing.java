package dev.orchard.worker.road;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How controllers are reached.
 *
 * @param addresses where there is one replica, or several
 * @param ca PEM file that controllers' certificates are checked against
 * @param token file that holds the worker's bearer token
 * @param proxy for WebSockets; absent: none
 * @param names says what addresses a name has now
 * @param liveness of every connection that is made
 */
public record Dialing(
    List<ReplicaAddress> addresses,
    Transport transport,
    Path ca,
    Path token,
    @Nullable HttpProxy proxy,
    Names names,
    Liveness liveness) {
  /** Resolves names, each time anew. */
  public interface Names {
    InetAddress[] addresses(String host) throws UnknownHostException;
  }

  public Dialing {
    addresses = List.copyOf(addresses);
    // What is wrong with it is to be known at the start.
    var _ = SocketRoad.trusting(ca);
  }

  /** Where to dial for one of {@link #addresses}; nowhere if its name cannot be resolved. */
  public List<Place> places(ReplicaAddress entry) {
    try {
      return Arrays.stream(names.addresses(entry.host(transport)))
          .distinct()
          .map(address -> new Place(entry, address))
          .toList();
    } catch (UnknownHostException _) {
      return List.of();
    }
  }
}
