package dev.orchard.controller.orchard;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.ExecRequest;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.SessionWriter;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Sessions.Followed;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.SocketCodec;
import dev.orchard.controller.session.SocketRelay;
import dev.orchard.controller.session.VmGate;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.Requests;
import dev.orchard.controller.web.SessionSocket;
import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.StdinType;
import dev.orchard.crds.vmexec.VMExec;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.websocket.WsRouting;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Orchard's own exec WebSocket. Without a session the command ends with its client; with one it is
 * a VMExec that anybody with the right to it may join by its name.
 */
final class OrchardExec {
  private static final int NAME_LENGTH = 32;

  private final Callers callers;
  private final Access access;
  private final ClusterObjects objects;
  private final VmGate gate;
  private final Sessions sessions;
  private final NamedSession.Parts parts;
  private final WriteDeadline deadline;
  private final Duration heartbeat;
  private final Duration silence;

  OrchardExec(
      Callers callers,
      Access access,
      ClusterObjects objects,
      VmGate gate,
      Sessions sessions,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {
    this.callers = callers;
    this.access = access;
    this.objects = objects;
    this.gate = gate;
    this.sessions = sessions;
    this.parts =
        new NamedSession.Parts(
            sessions, new SessionWriter(sessions, silence), new SharedInputs(sessions));
    this.deadline = deadline;
    this.heartbeat = heartbeat;
    this.silence = silence;
  }

  void register(HttpRules http, WsRouting.Builder sockets, String base) {
    String pattern = base + "/vms/{vm}/exec";
    PathMatcher path = PathMatchers.create(pattern);
    sockets.endpoint(
        pattern, () -> new SessionSocket((prologue, headers) -> open(path, prologue, headers)));
    http.get(pattern, this::refuse);
  }

  /** What somebody asks for who may have it. */
  private record Asked(Caller caller, Place place, ExecQuery query) {}

  private Asked check(Headers headers, Place place, UriQuery query) {
    Caller caller = callers.caller(Requests.authorization(headers));
    access.require(caller, Right.START, place.namespace(), place.vm());
    return new Asked(caller, place, ExecQuery.parse(query));
  }

  private SessionSocket.Opened open(PathMatcher path, HttpPrologue prologue, Headers headers)
      throws InterruptedException {
    Place place = Requests.place(path.match(prologue.uriPath()).path().pathParameters());
    Asked asked = check(headers, place, prologue.query());
    SocketRelay relay =
        asked.query.session() == null ? plain(asked) : named(asked, asked.query.session());
    return new SessionSocket.Opened(relay, WritableHeaders.create());
  }

  /** What is no WebSocket is refused as that one would be, or told that it should be one. */
  private void refuse(ServerRequest request, ServerResponse response) throws InterruptedException {
    Place place = Requests.place(request.path().pathParameters());
    Asked asked = check(request.headers(), place, request.query());
    String session = asked.query.session();
    if (session == null || running(asked, session).isEmpty()) {
      var _ = gate.awaitReady(place.namespace(), place.vm(), asked.query.patience());
    }
    response.headers().set(HeaderNames.UPGRADE, "websocket");
    throw new ApiException(
        426, "upgrade-required", "exec is a WebSocket: send the header Upgrade: websocket");
  }

  private SocketRelay plain(Asked asked) throws InterruptedException {
    ExecQuery query = asked.query;
    Followed started =
        start(
            asked,
            null,
            query.interactive()
                ? AttachOptions.interactive(0, true)
                : AttachOptions.reader(0, true));
    return relay(
        new PlainStream(started.stream(), () -> sessions.abandon(started.exec())),
        new PlainCodec(query.interactive(), query.tty() != null));
  }

  private SocketRelay named(Asked asked, String session) throws InterruptedException {
    Optional<VMExec> running = running(asked, session);
    if (running.isPresent()) {
      VMExec exec = running.get();
      return named(asked.caller, exec, NamedSession.joined(parts, exec));
    }
    VM vm = gate.require(asked.place.namespace(), asked.place.vm());
    Followed started = start(asked, name(vm, session), AttachOptions.reader(0, true));
    return named(
        asked.caller,
        started.exec(),
        NamedSession.started(parts, started.exec(), started.stream()));
  }

  private SocketRelay named(Caller caller, VMExec exec, NamedSession joined) {
    joined.onClose(endOf(exec, joined::forget));
    return relay(
        joined,
        new NamedCodec(
            joined,
            exec.getSpec().stdin().type() == StdinType.ATTACH,
            exec.getSpec().tty() != null,
            () -> sessions.delete(caller, exec)));
  }

  private SocketRelay relay(FrameStream stream, SocketCodec codec) {
    return new SocketRelay(stream, codec, deadline, heartbeat, silence);
  }

  private Followed start(Asked asked, @Nullable String name, AttachOptions options)
      throws InterruptedException {
    VM vm = gate.require(asked.place.namespace(), asked.place.vm());
    ExecRequest request = asked.query.request(name, VmJson.user(vm));
    return sessions.startAndAttach(
        asked.caller, asked.place, request, asked.query.patience(), options);
  }

  /** The session of that name, if the caller may join it. */
  private Optional<VMExec> running(Asked asked, String session) {
    Place place = asked.place;
    Optional<VM> vm = objects.vm(place.namespace(), place.vm());
    Optional<VMExec> running = vm.flatMap(present -> sessions.find(place, name(present, session)));
    if (running.isEmpty() && asked.query.command() == null) {
      throw new ApiException(
          404, "session-not-found", "exec session \"%s\" does not exist".formatted(session));
    }
    running.ifPresent(exec -> {
      String name = exec.getMetadata().getName();
      access.require(asked.caller, Right.READ, place.namespace(), name);
      access.require(asked.caller, Right.WRITE, place.namespace(), name);
      if (asked.query.command() != null && !isWhatRuns(asked.query, vm.get(), exec)) {
        throw ApiException.conflict(
            "name-taken",
            "exec session \"%s\" is already running with different options".formatted(session));
      }
    });
    return running;
  }

  private static boolean isWhatRuns(ExecQuery query, VM vm, VMExec exec) {
    String digest =
        query
            .request(exec.getMetadata().getName(), VmJson.user(vm))
            .digest(exec.getSpec().vmName());
    Map<String, String> annotations = exec.getMetadata().getAnnotations();
    return annotations != null && digest.equals(annotations.get(ExecRequest.DIGEST_ANNOTATION));
  }

  /** Tells once the object is no more; to be run when nobody wants to know any longer. */
  private Runnable endOf(VMExec exec, Runnable listener) {
    String uid = exec.getMetadata().getUid();
    Runnable look =
        new Runnable() {
          private volatile boolean seen;

          @Override
          public void run() {
            boolean here = objects.execByUid(uid).isPresent();
            if (seen && !here) {
              listener.run();
            }
            seen |= here;
          }
        };
    objects.onChange(look);
    look.run();
    return () -> objects.forget(look);
  }

  /** Same for the same VM, whatever its name, and the client's name for the session. */
  private static String name(VM vm, String session) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((vm.getMetadata().getUid() + "/" + session).getBytes(StandardCharsets.UTF_8));
      return "x-" + HexFormat.of().formatHex(hash).substring(0, NAME_LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
