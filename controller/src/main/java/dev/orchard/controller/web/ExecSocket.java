package dev.orchard.controller.web;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.AttachOptions;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.SocketRelay;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.http.WritableHeaders;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import io.helidon.websocket.WsUpgradeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One WebSocket of a session. Helidon makes one for each upgrade and calls it by one thread. */
final class ExecSocket implements WsListener {
  /** JSON frames of docs/protocol.md, one in each text message. */
  static final String SUBPROTOCOL = "v1.exec.orchard.dev";

  private static final HeaderName PROTOCOLS = HeaderNames.create("Sec-WebSocket-Protocol");

  /** What all sockets share. */
  record Shared(
      Callers callers,
      Access access,
      Sessions sessions,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {}

  private final Shared shared;
  private final PathMatcher path;
  private final StringBuilder message = new StringBuilder();
  private @Nullable SocketRelay relay;

  ExecSocket(Shared shared, String pattern) {
    this.shared = shared;
    this.path = PathMatchers.create(pattern);
  }

  @Override
  public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers)
      throws WsUpgradeException {
    try {
      Caller caller = shared.callers.caller(Requests.authorization(headers));
      var parameters = path.match(prologue.uriPath()).path().pathParameters();
      Place place = Requests.place(parameters);
      UriQuery query = prologue.query();
      VMExec exec =
          check(
              headers,
              query,
              caller,
              place,
              parameters.get("session"),
              shared.access,
              shared.sessions);
      FrameStream stream = shared.sessions.attach(exec, options(query));
      SocketRelay accepted =
          new SocketRelay(
              stream,
              Requests.flag(query, "interactive"),
              shared.deadline,
              shared.heartbeat,
              shared.silence);
      accepted.start();
      relay = accepted;
      WritableHeaders<?> answer = WritableHeaders.create();
      if (offers(headers)) {
        answer.set(PROTOCOLS, SUBPROTOCOL);
      }
      return Optional.of(answer);
    } catch (ApiException e) {
      // The HTTP route of the same GET comes next, and refuses it with the reason.
      throw new WsUpgradeException(e.detail());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WsUpgradeException("interrupted");
    }
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
    Requests.requireNoOrigin(headers);
    if (headers.contains(PROTOCOLS) && !offers(headers)) {
      throw ApiException.invalid(
          PROTOCOLS.defaultCase(), "must offer " + SUBPROTOCOL + ", or nothing");
    }
    AttachOptions options = options(query);
    access.require(caller, Right.READ, place.namespace(), session);
    if (options.writer()) {
      access.require(caller, Right.WRITE, place.namespace(), session);
    }
    return sessions.require(place, session);
  }

  private static AttachOptions options(UriQuery query) {
    long from = Requests.offset(query);
    boolean takeover = Requests.flag(query, "takeover");
    return Requests.flag(query, "interactive")
        ? AttachOptions.interactive(from, takeover)
        : AttachOptions.reader(from, true);
  }

  private static boolean offers(Headers headers) {
    if (!headers.contains(PROTOCOLS)) {
      return false;
    }
    Header offered = headers.get(PROTOCOLS);
    List<String> protocols = offered.allValues(true);
    return protocols.stream().anyMatch(protocol -> protocol.strip().equals(SUBPROTOCOL));
  }

  @Override
  public void onOpen(WsSession session) {
    Thread reader = Thread.currentThread();
    quietly(accepted -> accepted.opened(new HelidonSocket(session, reader)));
  }

  @Override
  public void onMessage(WsSession session, String text, boolean last) {
    if (message.length() + text.length() > JsonFrames.MAX_BYTES) {
      message.setLength(0);
      end(
          SocketRelay.CLOSE_TOO_BIG,
          ErrorCode.LIMIT_EXCEEDED,
          "a message is longer than %d bytes".formatted(JsonFrames.MAX_BYTES));
      return;
    }
    message.append(text);
    if (last) {
      String whole = message.toString();
      message.setLength(0);
      quietly(accepted -> accepted.received(whole));
    }
  }

  @Override
  public void onMessage(WsSession session, BufferData buffer, boolean last) {
    end(
        SocketRelay.CLOSE_NOT_TEXT,
        ErrorCode.INVALID_FRAME,
        "a binary message: frames are JSON in text messages");
  }

  @Override
  public void onPing(WsSession session, BufferData buffer) {
    byte[] payload = buffer.readBytes();
    quietly(accepted -> accepted.pinged(payload));
  }

  @Override
  public void onPong(WsSession session, BufferData buffer) {
    quietly(SocketRelay::heard);
  }

  @Override
  public void onClose(WsSession session, int status, String reason) {
    quietly(SocketRelay::closed);
  }

  @Override
  public void onError(WsSession session, Throwable failure) {
    quietly(SocketRelay::closed);
  }

  private void end(int code, ErrorCode error, String why) {
    quietly(accepted -> accepted.end(code, new Frame.Failure(error, why)));
  }

  private interface Call {
    void on(SocketRelay relay) throws InterruptedException;
  }

  private void quietly(Call call) {
    SocketRelay accepted = relay;
    if (accepted == null) {
      return;
    }
    try {
      call.on(accepted);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private record HelidonSocket(WsSession session, Thread reader) implements SocketRelay.Socket {
    @Override
    public void text(String message) {
      session.send(message, true);
    }

    @Override
    public void ping() {
      session.ping(BufferData.empty());
    }

    @Override
    public void pong(byte[] payload) {
      session.pong(BufferData.create(payload));
    }

    @Override
    public void close(int code, String reason) {
      session.close(code, reason);
    }

    @Override
    public void abort() {
      reader.interrupt();
    }
  }
}
