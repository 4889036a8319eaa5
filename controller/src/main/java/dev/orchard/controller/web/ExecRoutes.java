package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.ExecRequest;
import dev.orchard.controller.session.FrameEncoding;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.exec.frame.Frame;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A VM's execs: starting one, in two forms, and the list of them. */
final class ExecRoutes {
  private static final int MAX_WAIT_SECONDS = 65_535;

  private final Callers callers;
  private final Access access;
  private final Sessions sessions;
  private final FrameBody frames;
  private final Duration startPatience;

  /**
   * @param startPatience beyond a start timeout, for the worker to say what became of the start
   */
  ExecRoutes(
      Callers callers, Access access, Sessions sessions, FrameBody frames, Duration startPatience) {
    this.callers = callers;
    this.access = access;
    this.sessions = sessions;
    this.frames = frames;
    this.startPatience = startPatience;
  }

  /**
   * @param base {@code /v1} or that of a namespace
   */
  void register(HttpRules rules, String base) {
    rules.post(base + "/vms/{vm}/exec", this::start).get(base + "/vms/{vm}/execs", this::list);
  }

  private void start(ServerRequest request, ServerResponse response) throws Exception {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    access.require(caller, Right.START, place.namespace(), place.vm());
    Preferences preferences = Preferences.of(request.headers());
    Long asked = Requests.number(request.query(), "wait", MAX_WAIT_SECONDS);
    FrameEncoding encoding = FrameBody.encoding(request);
    ExecRequest exec = ExecBody.parse(Bodies.read(request));
    Duration wait = wait(asked, preferences, exec);
    String applied = preferences.applied(asked == null);
    if (!applied.isEmpty()) {
      response.headers().set(Preferences.APPLIED, applied);
    }
    if (preferences.respondAsync()) {
      VMExec started = sessions.start(caller, place, exec, wait);
      response.headers().set(HeaderNames.LOCATION, location(place, started));
      response.status(201);
      Bodies.json(response, ObjectJson.session(started, sessions.attachments(started)));
      return;
    }
    Sessions.Followed followed = sessions.startAndFollow(caller, place, exec, wait);
    try (FrameStream stream = followed.stream()) {
      response.headers().set(HeaderNames.LOCATION, location(place, followed.exec()));
      FrameStream.Next first = first(stream, exec.startTimeoutSeconds());
      frames.send(response, stream, first, encoding);
    }
  }

  private static Duration wait(@Nullable Long asked, Preferences preferences, ExecRequest exec) {
    if (asked != null) {
      return Duration.ofSeconds(asked);
    }
    Duration preferred = preferences.patience();
    return preferred == null ? Duration.ofSeconds(exec.startTimeoutSeconds()) : preferred;
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
        .map(exec -> ObjectJson.session(exec, sessions.attachments(exec)))
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

  private static String location(Place place, VMExec exec) {
    String base =
        place.namespace().equals(Requests.DEFAULT_NAMESPACE)
            ? "/v1"
            : "/v1/namespaces/" + place.namespace();
    return "%s/vms/%s/exec/%s".formatted(base, place.vm(), exec.getMetadata().getName());
  }
}
