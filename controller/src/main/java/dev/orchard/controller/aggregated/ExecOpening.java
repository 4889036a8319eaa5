package dev.orchard.controller.aggregated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.ExecRequest;
import dev.orchard.controller.session.RemoteCommandCodec;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.SocketRelay;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.ExecBody;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.controller.web.Requests;
import dev.orchard.controller.web.SessionSocket;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.http.WritableHeaders;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Opens sockets that start a command, as of pods/exec. */
final class ExecOpening implements SessionSocket.Opening {
  /** Name of the session in the answer. */
  private static final HeaderName SESSION = HeaderNames.create("Orchard-Session");

  /** For the VM to be ready. A client shows what it waits for only when it is refused. */
  private static final Duration WAIT = Duration.ofSeconds(30);

  /**
   * Of a client of which nothing is heard. Stock clients answer pings only while they are read, and
   * a client that is gone is found out by the API server.
   */
  private static final Duration SILENCE = Duration.ofMinutes(5);

  private final Front front;
  private final Access access;
  private final Sessions sessions;
  private final WriteDeadline deadline;
  private final Duration heartbeat;
  private final PathMatcher path;

  /**
   * @param pattern of the path, with {@code ns} and {@code vm}
   */
  ExecOpening(
      Front front,
      Access access,
      Sessions sessions,
      WriteDeadline deadline,
      Duration heartbeat,
      String pattern) {
    this.front = front;
    this.access = access;
    this.sessions = sessions;
    this.deadline = deadline;
    this.heartbeat = heartbeat;
    this.path = PathMatchers.create(pattern);
  }

  @Override
  public SessionSocket.Opened open(HttpPrologue prologue, Headers headers)
      throws InterruptedException {
    Caller caller = front.callerOfUpgrade(headers);
    Place place = Requests.place(path.match(prologue.uriPath()).path().pathParameters());
    // The API server has asked for get alone: to it a WebSocket is a GET.
    access.require(caller, Right.START, place.namespace(), place.vm());
    RemoteCommandCodec.Version version =
        RemoteCommandCodec.Version.of(SessionSocket.offered(headers))
            .orElseThrow(() ->
                ApiException.invalid(
                    SessionSocket.PROTOCOLS.defaultCase(),
                    Arrays.stream(RemoteCommandCodec.Version.values())
                        .map(RemoteCommandCodec.Version::subprotocol)
                        .collect(Collectors.joining(" or ", "must offer ", ""))));
    RemoteCommandCodec.Streams streams = streams(prologue.query());
    Sessions.Followed followed =
        sessions.startAndAttach(
            caller,
            place,
            request(prologue.query(), streams),
            WAIT,
            AttachOptions.interactive(0, true));
    WritableHeaders<?> answer = WritableHeaders.create();
    answer.set(SessionSocket.PROTOCOLS, version.subprotocol());
    answer.set(SESSION, followed.exec().getMetadata().getName());
    return new SessionSocket.Opened(
        new SocketRelay(
            followed.stream(),
            new RemoteCommandCodec(version, streams),
            deadline,
            heartbeat,
            SILENCE),
        answer);
  }

  private static RemoteCommandCodec.Streams streams(UriQuery query) {
    return new RemoteCommandCodec.Streams(
        Requests.flag(query, "stdin"),
        Requests.flag(query, "stdout"),
        Requests.flag(query, "stderr"),
        Requests.flag(query, "tty"));
  }

  /** As the body of a POST that asks for the same, which is then checked like one. */
  private static ExecRequest request(UriQuery query, RemoteCommandCodec.Streams streams) {
    ObjectNode body = JsonBody.JSON.createObjectNode();
    if (query.contains("command")) {
      query.all("command").forEach(body.putArray("command")::add);
    }
    if (streams.stdin()) {
      body.putObject("stdin").put("type", "Attach");
    }
    // The client tells its size when it is connected.
    body.put("tty", streams.tty());
    return ExecBody.parse(JsonBody.of(body));
  }
}
