package dev.orchard.controller.aggregated;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.FrontProxy;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.forward.PortForwardSocket;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.FrameEncoding;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.StreamRelay;
import dev.orchard.controller.session.Target;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.Admission;
import dev.orchard.controller.web.Bodies;
import dev.orchard.controller.web.ExecSocket;
import dev.orchard.controller.web.FrameBody;
import dev.orchard.controller.web.Requests;
import dev.orchard.controller.web.Routes;
import dev.orchard.controller.web.SessionSocket;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.JsonFrames;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.websocket.WsRouting;
import java.io.InputStream;
import java.time.Duration;
import java.util.EnumSet;

/** The group's routes. All of them are for the API server alone. */
public final class AggregatedApi implements Routes {
  private static final String NAMESPACE = Discovery.GROUP_VERSION_PATH + "/namespaces/{ns}";
  private static final String EXEC = NAMESPACE + "/vms/{vm}/exec";
  private static final String ATTACH = NAMESPACE + "/vmexecs/{session}/attach";
  private static final String LOG = NAMESPACE + "/vmexecs/{session}/log";
  private static final String FORWARD = NAMESPACE + "/vms/{vm}/portforward";
  private static final Duration WRITER_PATIENCE = Duration.ofSeconds(30);

  private final Front front;
  private final Access access;
  private final Sessions sessions;
  private final SessionWriter writer;
  private final FrameBody frames;
  private final ExecOpening exec;
  private final ExecSocket attach;
  private final SessionSocket.Opening forward;

  /**
   * @param forwards opens sockets that are connections to ports
   * @param heartbeat of our silence on a stream
   * @param silence of a client of an attachment, after which it is dead
   */
  public AggregatedApi(
      FrontProxy frontProxy,
      Access access,
      Sessions sessions,
      PortForwardSocket forwards,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {
    this.front = new Front(frontProxy);
    this.access = access;
    this.sessions = sessions;
    this.writer = new SessionWriter(sessions, WRITER_PATIENCE);
    this.frames = new FrameBody(new StreamRelay(deadline, heartbeat));
    this.exec = new ExecOpening(front, access, sessions, deadline, heartbeat, EXEC);
    this.attach =
        new ExecSocket(
            new ExecSocket.Shared(
                new Admission.ByIdentity(front::callerOfUpgrade, access, sessions),
                sessions,
                deadline,
                heartbeat,
                silence),
            ATTACH);
    PathMatcher path = PathMatchers.create(FORWARD);
    this.forward =
        (prologue, headers) ->
            forwards.open(
                front.callerOfUpgrade(headers),
                Requests.place(path.match(prologue.uriPath()).path().pathParameters()),
                prologue.query());
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets) {
    Discovery.documents()
        .forEach((path, document) ->
            http.get(
                path,
                (request, response) -> {
                  var _ = front.caller(request);
                  Bodies.json(response, document);
                }));
    http.get(EXEC, this::refusePlain)
        .post(EXEC, this::refusePlain)
        .get(ATTACH, this::refusePlain)
        .post(ATTACH, this::pass)
        .get(LOG, this::log)
        .get(FORWARD, this::refusePlain);
    sockets.endpoint(EXEC, () -> new SessionSocket(exec));
    sockets.endpoint(ATTACH, () -> new SessionSocket(attach));
    sockets.endpoint(FORWARD, () -> new SessionSocket(forward));
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets, String base) {}

  private void refusePlain(ServerRequest request, ServerResponse response) {
    var _ = front.caller(request);
    throw ApiException.invalid(
        "Upgrade", "must be websocket, of a GET: neither plain HTTP nor SPDY is spoken here");
  }

  /**
   * Passes one signal or size on. As a POST it is a create to the API server, as writing should.
   */
  private void pass(ServerRequest request, ServerResponse response) throws Exception {
    Target session = admit(request, Right.WRITE).target();
    if (!request.content().hasEntity()) {
      throw ApiException.invalid("body", "it is missing: send a signal or a resize");
    }
    Frame.In frame;
    try (InputStream body = request.content().inputStream()) {
      frame = JsonFrames.decodeIn(body.readNBytes(JsonFrames.MAX_BYTES + 1));
    } catch (InvalidFrameException e) {
      throw ApiException.invalid("body", String.valueOf(e.getMessage()));
    }
    switch (frame) {
      case Frame.Resize _ when !session.hasTty() ->
          throw ApiException.conflict("no-tty", "the session was started without a TTY");
      case Frame.Resize _, Frame.Signal _ -> writer.pass(session, frame);
      case Frame.Stdin _, Frame.Detach _, Frame.Heartbeat _ ->
          throw ApiException.invalid("body", "must be a signal or a resize");
    }
    response.status(204).send();
  }

  private void log(ServerRequest request, ServerResponse response) throws Exception {
    Admission.Admitted reader = admit(request, Right.READ);
    long from = Requests.offset(request.query());
    boolean follow =
        !request.query().contains("follow") || Requests.flag(request.query(), "follow");
    FrameEncoding encoding = FrameBody.encoding(request);
    AttachOptions options = AttachOptions.reader(from, follow);
    try (FrameStream stream = sessions.attach(reader.target(), options, reader.grant())) {
      frames.send(response, stream, null, encoding);
    }
  }

  private Admission.Admitted admit(ServerRequest request, Right right) {
    return new Admission.ByIdentity(_ -> front.caller(request), access, sessions)
        .admit(request.headers(), request.path().pathParameters(), EnumSet.of(right));
  }
}
