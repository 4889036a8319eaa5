package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.ExecRequest;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.NdjsonRelay;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Execs over plain HTTP. */
final class ExecRoutes {
  private static final String NDJSON = "application/x-ndjson";
  private static final int MAX_WAIT_SECONDS = 65_535;

  private final Callers callers;
  private final Access access;
  private final Sessions sessions;
  private final SessionWriter writer;
  private final NdjsonRelay relay;
  private final Duration startPatience;

  /**
   * @param startPatience beyond a start timeout, for the worker to say what became of the start
   */
  ExecRoutes(
      Callers callers,
      Access access,
      Sessions sessions,
      SessionWriter writer,
      NdjsonRelay relay,
      Duration startPatience) {
    this.callers = callers;
    this.access = access;
    this.sessions = sessions;
    this.writer = writer;
    this.relay = relay;
    this.startPatience = startPatience;
  }

  /**
   * @param base {@code /v1} or that of a namespace
   */
  void register(HttpRules rules, String base) {
    String execs = base + "/vms/{vm}/exec";
    String session = execs + "/{session}";
    rules
        .post(execs, this::start)
        .get(base + "/vms/{vm}/execs", this::list)
        .get(session, this::read)
        .delete(session, this::cancel)
        .post(session + "/stdin", this::stdin)
        .post(session + "/resize", this::resize)
        .post(session + "/signal", this::signal);
  }

  private void start(ServerRequest request, ServerResponse response) throws Exception {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    access.require(caller, Right.START, place.namespace(), place.vm());
    ExecRequest exec = ExecBody.parse(Bodies.read(request));
    Long asked = Requests.number(request.query(), "wait", MAX_WAIT_SECONDS);
    Duration wait = Duration.ofSeconds(asked == null ? exec.startTimeoutSeconds() : asked);
    boolean text = Requests.flag(request.query(), "text");
    if (Requests.prefersAsync(request.headers())) {
      VMExec started = sessions.start(caller, place, exec, wait);
      response.headers().set(HeaderNames.LOCATION, location(place, started));
      response.headers().set(HeaderNames.create("Preference-Applied"), "respond-async");
      response.status(201);
      Bodies.json(response, ObjectJson.session(started));
      return;
    }
    Sessions.Followed followed = sessions.startAndFollow(caller, place, exec, wait);
    try (FrameStream stream = followed.stream()) {
      response.headers().set(HeaderNames.LOCATION, location(place, followed.exec()));
      FrameStream.Next first = first(stream, exec.startTimeoutSeconds());
      stream(response, stream, first, text);
    }
  }

  /** What becomes of the start. Refusals that come instead of it are told by a status. */
  private FrameStream.Next first(FrameStream stream, int startTimeoutSeconds)
      throws InterruptedException {
    FrameStream.Next first =
        stream.next(Duration.ofSeconds(startTimeoutSeconds).plus(startPatience));
    if (first instanceof FrameStream.Next.Arrived(Frame.Failure failure)) {
      throw SessionWriter.refusal(failure);
    }
    return first;
  }

  private void read(ServerRequest request, ServerResponse response) throws Exception {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    String session = request.path().pathParameters().get("session");
    if (Requests.wantsUpgrade(request.headers())) {
      // The WebSocket's own upgrade has refused this request, and here is why.
      ExecSocket.check(
          request.headers(), request.query(), caller, place, session, access, sessions);
      throw ApiException.unavailable(
          "not-upgraded", "the WebSocket could not be opened: try again", Duration.ofSeconds(1));
    }
    if (Requests.wantsMetadata(request.headers())) {
      Bodies.json(response, ObjectJson.session(live(caller, place, session)));
      return;
    }
    access.require(caller, Right.READ, place.namespace(), session);
    long from = Requests.offset(request.query());
    boolean follow =
        !request.query().contains("follow") || Requests.flag(request.query(), "follow");
    boolean text = Requests.flag(request.query(), "text");
    VMExec exec = sessions.require(place, session);
    try (FrameStream stream = sessions.attach(exec, AttachOptions.reader(from, follow))) {
      stream(response, stream, null, text);
    }
  }

  private void stream(
      ServerResponse response, FrameStream stream, FrameStream.@Nullable Next first, boolean text)
      throws InterruptedException {
    response.headers().set(HeaderNames.CONTENT_TYPE, NDJSON);
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.headers().set(HeaderNames.create("X-Content-Type-Options"), "nosniff");
    try {
      OutputStream out = response.outputStream();
      relay.run(stream, first, text, out);
      out.close();
    } catch (IOException e) {
      // Whoever read has gone or takes nothing. The response has no regular end then.
      throw new CloseConnectionException("reader given up: " + e.getMessage(), e);
    }
  }

  private void list(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    Set<VMExecState> states = states(request);
    ArrayNode list = JsonBody.JSON.createArrayNode();
    KubernetesApi.call(() ->
            caller
                .client()
                .resources(VMExec.class)
                .inNamespace(place.namespace())
                .list()
                .getItems())
        .stream()
        .filter(exec -> exec.getSpec().vmName().equals(place.vm()))
        .filter(exec -> states.contains(exec.statusOrEmpty().stateOrPending()))
        .sorted(
            Comparator.comparing((VMExec exec) -> exec.getMetadata().getCreationTimestamp())
                .thenComparing(exec -> exec.getMetadata().getName()))
        .map(ObjectJson::session)
        .forEach(list::add);
    Bodies.json(response, list);
  }

  private static Set<VMExecState> states(ServerRequest request) {
    List<String> words =
        request.query().contains("state") ? request.query().all("state") : List.of();
    if (words.isEmpty()) {
      return Set.of(VMExecState.values());
    }
    return words.stream()
        .flatMap(value -> Arrays.stream(value.split(",")))
        .map(word ->
            Arrays.stream(VMExecState.values())
                .filter(state -> state.word().equals(word))
                .findFirst()
                .orElseThrow(() -> ApiException.invalid("state", "\"" + word + "\" is no state")))
        .collect(Collectors.toSet());
  }

  private void stdin(ServerRequest request, ServerResponse response) throws Exception {
    VMExec exec = writable(request);
    Long offset = Requests.number(request.query(), "offset", Long.MAX_VALUE / 2);
    boolean eof = Requests.flag(request.query(), "eof");
    boolean takeover = Requests.flag(request.query(), "takeover");
    try (InputStream body = request.content().inputStream()) {
      long taken = writer.stdin(exec, offset, eof, takeover, body);
      Bodies.json(response, JsonBody.JSON.createObjectNode().put("stdinOffset", taken));
    }
  }

  private void resize(ServerRequest request, ServerResponse response) throws Exception {
    VMExec exec = writable(request);
    JsonBody body = Bodies.read(request);
    body.only(Set.of("rows", "cols"));
    Frame.Resize resize =
        new Frame.Resize(body.integer("rows", 0, 1, 65_535), body.integer("cols", 0, 1, 65_535));
    if (exec.getSpec().tty() == null) {
      throw ApiException.conflict("no-tty", "the session was started without a TTY");
    }
    writer.pass(exec, resize);
    response.status(204).send();
  }

  private void signal(ServerRequest request, ServerResponse response) throws Exception {
    VMExec exec = writable(request);
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
    writer.pass(exec, signal);
    response.status(204).send();
  }

  private void cancel(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    sessions.cancel(caller, writable(request));
    response.status(204).send();
  }

  private VMExec writable(ServerRequest request) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    String session = request.path().pathParameters().get("session");
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

  private static String location(Place place, VMExec exec) {
    String base =
        place.namespace().equals(Requests.DEFAULT_NAMESPACE)
            ? "/v1"
            : "/v1/namespaces/" + place.namespace();
    return "%s/vms/%s/exec/%s".formatted(base, place.vm(), exec.getMetadata().getName());
  }
}
