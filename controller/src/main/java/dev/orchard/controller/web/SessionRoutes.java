package dev.orchard.controller.web;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.EventStream;
import dev.orchard.controller.session.FrameEncoding;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.Target;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import io.helidon.common.parameters.Parameters;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.InputStream;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/** One session: its frames, what is known of it, and everything that can be sent to it. */
final class SessionRoutes {
  private final Callers callers;
  private final Access access;
  private final Sessions sessions;
  private final Admission admission;
  private final SessionWriter writer;
  private final FrameBody frames;

  /**
   * @param admission to attach; all else takes a token
   */
  SessionRoutes(
      Callers callers,
      Access access,
      Sessions sessions,
      Admission admission,
      SessionWriter writer,
      FrameBody frames) {
    this.callers = callers;
    this.access = access;
    this.sessions = sessions;
    this.admission = admission;
    this.writer = writer;
    this.frames = frames;
  }

  /**
   * @param base {@code /v1} or that of a namespace
   */
  void register(HttpRules rules, String base) {
    String session = base + "/vms/{vm}/exec/{session}";
    rules
        .get(session, this::read)
        .delete(session, this::delete)
        .post(session + "/stdin", this::stdin)
        .post(session + "/resize", this::resize)
        .post(session + "/signal", this::signal)
        .post(session + "/detach", this::detach)
        .post(session + "/cancel", this::cancel);
  }

  private void read(ServerRequest request, ServerResponse response) throws Exception {
    Parameters path = request.path().pathParameters();
    if (Requests.wantsUpgrade(request.headers())) {
      // The WebSocket's own upgrade has refused this request, and here is why.
      var _ =
          ExecSocket.check(request.headers(), path, ExecSocket.options(request.query()), admission);
      throw ApiException.unavailable(
          "not-upgraded", "the WebSocket could not be opened: try again", Duration.ofSeconds(1));
    }
    if (Requests.wantsMetadata(request.headers())) {
      Caller caller = callers.caller(Requests.authorization(request.headers()));
      VMExec exec = live(caller, Requests.place(path), Requests.session(path));
      Bodies.json(response, ObjectJson.session(exec, sessions.attachments(exec)));
      return;
    }
    FrameEncoding encoding = FrameBody.encoding(request);
    String last = Requests.lastEventId(request.headers());
    boolean resumes = encoding instanceof FrameEncoding.Events && !last.isEmpty();
    boolean over = resumes && last.equals(EventStream.END);
    long from =
        resumes && !over
            ? Requests.number("Last-Event-ID", last, Long.MAX_VALUE)
            : Requests.offset(request.query());
    boolean follow =
        !request.query().contains("follow") || Requests.flag(request.query(), "follow");
    Admission.Admitted reader = admission.admit(request.headers(), path, EnumSet.of(Right.READ));
    if (over) {
      // To a browser's EventSource, which comes back for more behind any end: there is no more.
      response.status(204).send();
      return;
    }
    AttachOptions options = AttachOptions.reader(from, follow);
    try (FrameStream stream = sessions.attach(reader.target(), options, reader.grant())) {
      frames.send(response, stream, null, encoding);
    }
  }

  private void stdin(ServerRequest request, ServerResponse response) throws Exception {
    Long offset = Requests.number(request.query(), "offset", Long.MAX_VALUE / 2);
    boolean eof = Requests.flag(request.query(), "eof");
    boolean takeover = Requests.flag(request.query(), "takeover");
    Target session = attachable(request);
    try (InputStream body = Bodies.stream(request)) {
      long taken = writer.stdin(session, offset, eof, takeover, body);
      Bodies.json(response, JsonBody.JSON.createObjectNode().put("stdinOffset", taken));
    }
  }

  private void resize(ServerRequest request, ServerResponse response) throws Exception {
    Target session = attachable(request);
    JsonBody body = Bodies.read(request);
    body.only(Set.of("rows", "cols"));
    Frame.Resize resize =
        new Frame.Resize(body.integer("rows", 1, 65_535), body.integer("cols", 1, 65_535));
    if (!session.hasTty()) {
      throw ApiException.conflict("no-tty", "the session was started without a TTY");
    }
    writer.pass(session, resize);
    response.status(204).send();
  }

  private void signal(ServerRequest request, ServerResponse response) throws Exception {
    Target session = attachable(request);
    JsonBody body = Bodies.read(request);
    body.only(Set.of("signal"));
    String name = body.text("signal");
    Frame.Signal signal;
    try {
      signal = new Frame.Signal(name == null ? "" : name);
    } catch (InvalidFrameException e) {
      throw ApiException.invalid(
          "signal", "must be one of " + String.join(" ", Frame.Signal.NAMES));
    }
    writer.pass(session, signal);
    response.status(204).send();
  }

  private void detach(ServerRequest request, ServerResponse response) throws Exception {
    writer.pass(new Target.Recorded(writable(request)), new Frame.Detach());
    response.status(204).send();
  }

  private void cancel(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    VMExec cancelled = sessions.cancel(caller, writable(request));
    response.status(202);
    Bodies.json(response, ObjectJson.session(cancelled, sessions.attachments(cancelled)));
  }

  private void delete(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    sessions.delete(caller, writable(request));
    response.status(204).send();
  }

  private Target attachable(ServerRequest request) {
    return admission
        .admit(request.headers(), request.path().pathParameters(), EnumSet.of(Right.WRITE))
        .target();
  }

  private VMExec writable(ServerRequest request) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    String session = Requests.session(request.path().pathParameters());
    access.require(caller, Right.WRITE, place.namespace(), session);
    return sessions.require(place, session);
  }

  /** The object as the caller may see it, and as it stands now. */
  private static VMExec live(Caller caller, Place place, String session) {
    VMExec exec =
        KubernetesApi.call(() ->
            caller
                .client()
                .resources(VMExec.class)
                .inNamespace(place.namespace())
                .withName(session)
                .get());
    if (exec == null || !exec.getSpec().vmName().equals(place.vm())) {
      throw ApiException.notFound("session", place.namespace(), session);
    }
    return exec;
  }
}
