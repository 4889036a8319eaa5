package dev.orchard.worker.road;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How controllers are reached.
 *
 * @param addresses one for each replica
 * @param ca PEM file that controllers' certificates are checked against
 * @param token file that holds the worker's bearer token
 * @param proxy for WebSockets; absent: none
 */
public record Dialing(
    List<ReplicaAddress> addresses,
    Transport transport,
    Path ca,
    Path token,
    @Nullable HttpProxy proxy) {
  public Dialing {
    addresses = List.copyOf(addresses);
  }

  /** The roads to each replica. */
  public List<List<Road>> roads() {
    return addresses.stream().map(address -> address.roads(transport, this)).toList();
  }
}
