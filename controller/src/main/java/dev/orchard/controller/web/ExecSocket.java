package dev.orchard.controller.web;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.JsonCodec;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.SocketRelay;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.crds.vmexec.VMExec;
import io.helidon.common.parameters.Parameters;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.http.WritableHeaders;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** Opens the WebSockets of sessions that speak our own frames. */
public final class ExecSocket implements SessionSocket.Opening {
  /** JSON frames of docs/protocol.md, one in each text message. */
  static final String SUBPROTOCOL = "v1.exec.orchard.dev";

  /**
   * What all sockets share.
   *
   * @param caller who opens one, by the headers
   */
  public record Shared(
      Function<Headers, Caller> caller,
      Access access,
      Sessions sessions,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {}

  private final Shared shared;
  private final PathMatcher path;

  /**
   * @param pattern of the path, with {@code session}, with {@code ns} unless it is the default one,
   *     and with {@code vm} where only a session of that VM will do
   */
  public ExecSocket(Shared shared, String pattern) {
    this.shared = shared;
    this.path = PathMatchers.create(pattern);
  }

  @Override
  public SessionSocket.Opened open(HttpPrologue prologue, Headers headers)
      throws InterruptedException {
    Caller caller = shared.caller.apply(headers);
    Parameters parameters = path.match(prologue.uriPath()).path().pathParameters();
    String session = Requests.session(parameters);
    UriQuery query = prologue.query();
    requireAllowed(headers, query, caller, Requests.namespace(parameters), session, shared.access);
    VMExec exec =
        parameters.contains("vm")
            ? shared.sessions.require(Requests.place(parameters), session)
            : shared.sessions.require(Requests.namespace(parameters), session);
    AttachOptions options = options(query);
    FrameStream stream = shared.sessions.attach(exec, options);
    WritableHeaders<?> answer = WritableHeaders.create();
    if (!SessionSocket.offered(headers).isEmpty()) {
      answer.set(SessionSocket.PROTOCOLS, SUBPROTOCOL);
    }
    return new SessionSocket.Opened(
        new SocketRelay(
            stream,
            new JsonCodec(options.writer()),
            shared.deadline,
            shared.heartbeat,
            shared.silence),
        answer);
  }

  /** All that can be refused without asking a worker. */
  static VMExec check(
      Headers headers,
      UriQuery query,
      Caller caller,
      Place place,
      String session,
      Access access,
      Sessions sessions) {
    requireAllowed(headers, query, caller, place.namespace(), session, access);
    return sessions.require(place, session);
  }

  private static void requireAllowed(
      Headers headers,
      UriQuery query,
      Caller caller,
      String namespace,
      String session,
      Access access) {
    List<String> offered = SessionSocket.offered(headers);
    if (!offered.isEmpty() && !offered.contains(SUBPROTOCOL)) {
      throw ApiException.invalid(
          SessionSocket.PROTOCOLS.defaultCase(), "must offer " + SUBPROTOCOL + ", or nothing");
    }
    AttachOptions options = options(query);
    access.require(caller, Right.READ, namespace, session);
    if (options.writer()) {
      access.require(caller, Right.WRITE, namespace, session);
    }
  }

  private static AttachOptions options(UriQuery query) {
    long from = Requests.offset(query);
    boolean takeover = Requests.flag(query, "takeover");
    return Requests.flag(query, "interactive")
        ? AttachOptions.interactive(from, takeover)
        : AttachOptions.reader(from, true);
  }
}
