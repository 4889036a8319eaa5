package dev.orchard.controller.web;

import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.JsonCodec;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.SocketRelay;
import dev.orchard.controller.session.WriteDeadline;
import io.helidon.common.parameters.Parameters;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.http.WritableHeaders;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;

/** Opens the WebSockets of sessions that speak our own frames. */
public final class ExecSocket implements SessionSocket.Opening {
  /** JSON frames of docs/protocol.md, one in each text message. */
  static final String SUBPROTOCOL = "v1.exec.orchard.dev";

  /** What all sockets share. */
  public record Shared(
      Admission admission,
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
    Parameters parameters = path.match(prologue.uriPath()).path().pathParameters();
    AttachOptions options = options(prologue.query());
    Admission.Admitted admitted = check(headers, parameters, options, shared.admission);
    FrameStream stream = shared.sessions.attach(admitted.target(), options, admitted.grant());
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
  static Admission.Admitted check(
      Headers headers, Parameters path, AttachOptions options, Admission admission) {
    List<String> offered = SessionSocket.offered(headers);
    if (!offered.isEmpty() && !offered.contains(SUBPROTOCOL)) {
      throw ApiException.invalid(
          SessionSocket.PROTOCOLS.defaultCase(), "must offer " + SUBPROTOCOL + ", or nothing");
    }
    return admission.admit(
        headers,
        path,
        options.writer() ? EnumSet.of(Right.READ, Right.WRITE) : EnumSet.of(Right.READ));
  }

  static AttachOptions options(UriQuery query) {
    long from = Requests.offset(query);
    boolean takeover = Requests.flag(query, "takeover");
    return Requests.flag(query, "interactive")
        ? AttachOptions.interactive(from, takeover)
        : AttachOptions.reader(from, true);
  }
}
