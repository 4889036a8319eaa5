package dev.orchard.worker.road;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where to dial: what an entry of the worker's list names, at one address of that name.
 *
 * @param address of the name's addresses; absent where only somebody else knows any, as a proxy may
 */
public record Place(ReplicaAddress entry, @Nullable InetAddress address) {
  /**
   * New roads to it, the first to try first.
   *
   * @param alone the name has no other address
   */
  public List<Road> roads(Dialing dialing, boolean alone) {
    List<Road> roads = new ArrayList<>();
    if (dialing.transport() != Transport.HTTP) {
      entry.grpc().ifPresent(grpc -> roads.add(new GrpcRoad(grpc, address, dialing)));
    }
    if (dialing.transport() != Transport.GRPC) {
      entry
          .http()
          .ifPresent(http ->
              roads.add(new SocketRoad(http, alone || !sharesAddress() ? null : address, dialing)));
    }
    return roads;
  }

  private boolean sharesAddress() {
    return entry.host(Transport.AUTO).equals(entry.host(Transport.HTTP));
  }

  /** For logs: as it is written in the list, and the address behind it. */
  @Override
  public String toString() {
    return address == null ? entry.toString() : entry + "@" + address.getHostAddress();
  }
}
