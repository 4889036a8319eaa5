package dev.orchard.controller.forward;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.SocketRelay;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.Requests;
import dev.orchard.controller.web.SessionSocket;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.WritableHeaders;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Opens WebSockets that are connections to ports, for whatever path and whoever vouches for it. */
public final class PortForwardSocket {
  private static final Duration DEFAULT_WAIT = Duration.ofSeconds(10);
  private static final long MAX_WAIT_SECONDS = 65_535;

  private final Access access;
  private final PortForwards forwards;
  private final WriteDeadline deadline;
  private final Duration heartbeat;
  private final Duration silence;

  /**
   * @param heartbeat clients are pinged as often
   * @param silence of a client, after which its socket is dead
   */
  public PortForwardSocket(
      Access access,
      PortForwards forwards,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {
    this.access = access;
    this.forwards = forwards;
    this.deadline = deadline;
    this.heartbeat = heartbeat;
    this.silence = silence;
  }

  /** What a client asks for. */
  private record Wish(int port, Duration patience) {}

  /** Connects; the socket is the connection from then on. */
  public SessionSocket.Opened open(Caller caller, Place place, UriQuery query)
      throws InterruptedException {
    Wish wish = check(caller, place, query);
    PortForward forward = forwards.open(place, wish.port, wish.patience);
    return new SessionSocket.Opened(
        new SocketRelay(forward, new RawCodec(), deadline, heartbeat, silence),
        WritableHeaders.create());
  }

  /** All that can be refused without asking anybody but the Kubernetes API. */
  private Wish check(Caller caller, Place place, UriQuery query) {
    Wish wish = wish(query);
    access.require(caller, Right.FORWARD, place.namespace(), place.vm());
    return wish;
  }

  /** The refusal of a request that is all right but for being no WebSocket. */
  public ApiException upgradeRequired(Caller caller, Place place, UriQuery query) {
    check(caller, place, query);
    return new ApiException(
        426, "upgrade-required", "a port is forwarded over a WebSocket: send Upgrade: websocket");
  }

  private static Wish wish(UriQuery query) {
    Long port = Requests.number(query, "port", PortForwards.MAX_PORT);
    if (port == null || port == 0) {
      throw ApiException.invalid(
          "port", "must be a whole number from 1 to " + PortForwards.MAX_PORT);
    }
    return new Wish(port.intValue(), wait(query, DEFAULT_WAIT));
  }

  /** How long to wait for the VM. */
  static Duration wait(UriQuery query, Duration otherwise) {
    @Nullable Long wait = Requests.number(query, "wait", MAX_WAIT_SECONDS);
    return wait == null ? otherwise : Duration.ofSeconds(wait);
  }
}
