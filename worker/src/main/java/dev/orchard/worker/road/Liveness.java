package dev.orchard.worker.road;

import dev.orchard.exec.socket.SocketLimits;
import java.time.Duration;

/**
 * How it is noticed that a controller has vanished without an end of its connections.
 *
 * @param heartbeat of our silence on a link before a heartbeat goes out
 * @param ping how often a connection is tried; over gRPC not more often than every 10 s
 * @param silence of a controller, after which its connection is dead; longer than a ping
 */
public record Liveness(Duration heartbeat, Duration ping, Duration silence) {
  public static final Liveness DEFAULT =
      new Liveness(Duration.ofSeconds(5), SocketLimits.PING, SocketLimits.SILENCE);

  public Liveness {
    if (ping.compareTo(silence) >= 0) {
      throw new IllegalArgumentException(
          "a silence of %s is over before a ping after %s is answered".formatted(silence, ping));
    }
  }
}
