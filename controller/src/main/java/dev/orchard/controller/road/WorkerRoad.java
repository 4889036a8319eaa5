package dev.orchard.controller.road;

import dev.orchard.controller.auth.WorkerIdentity;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.Requests;
import dev.orchard.controller.web.Routes;
import dev.orchard.controller.web.SessionSocket;
import dev.orchard.controller.worker.Reception;
import dev.orchard.controller.worker.StreamReceiver;
import dev.orchard.controller.worker.WorkerStream;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.websocket.WsRouting;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What workers call over gRPC elsewhere, as WebSockets: the same messages, the same owners. */
public final class WorkerRoad implements Routes {
  private static final String LINK = "/v1/worker/link";
  private static final String RENDEZVOUS = "/v1/worker/rendezvous";

  /** Names the replica that asked for a rendezvous. */
  private static final HeaderName REPLICA = HeaderNames.create("Orchard-Replica");

  private final Reception reception;
  private final WorkerTokens tokens;
  private final String replica;
  private final WorkerSocket.Shared shared;

  /**
   * @param replica name of this one
   * @param heartbeat workers are pinged as often
   * @param silence of a worker, after which its socket is dead
   */
  public WorkerRoad(
      Reception reception,
      WorkerIdentity identity,
      String replica,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {
    this.reception = reception;
    this.tokens = new WorkerTokens(identity);
    this.replica = replica;
    this.shared = new WorkerSocket.Shared(deadline, heartbeat, silence);
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets) {
    sockets.endpoint(
        LINK,
        () ->
            new WorkerSocket<WorkerReport, Instruction>(shared, WorkerReport.parser(), this::link));
    sockets.endpoint(
        RENDEZVOUS,
        () ->
            new WorkerSocket<WorkerFrame, ControllerFrame>(
                shared, WorkerFrame.parser(), this::rendezvous));
    http.get(LINK, WorkerRoad::refuse).get(RENDEZVOUS, WorkerRoad::refuse);
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder sockets, String base) {}

  private static void refuse(ServerRequest request, ServerResponse response) {
    response.headers().set(HeaderNames.UPGRADE, "websocket");
    throw new ApiException(
        426, "upgrade-required", "workers call this as a WebSocket: send Upgrade: websocket");
  }

  private String worker(Headers headers) {
    String worker = tokens.worker(Requests.authorization(headers));
    if (!SessionSocket.offered(headers).contains(WorkerSocket.SUBPROTOCOL)) {
      throw ApiException.invalid(
          SessionSocket.PROTOCOLS.defaultCase(), "must offer " + WorkerSocket.SUBPROTOCOL);
    }
    return worker;
  }

  private Function<WorkerStream<Instruction>, StreamReceiver<WorkerReport>> link(Headers headers) {
    String worker = worker(headers);
    return stream -> {
      tokens.linked(worker);
      StreamReceiver<WorkerReport> link = reception.linkOf(worker, stream);
      return new StreamReceiver<>() {
        @Override
        public void received(WorkerReport report) {
          link.received(report);
        }

        @Override
        public void ended(@Nullable String failure) {
          tokens.unlinked(worker);
          link.ended(failure);
        }
      };
    };
  }

  private Function<WorkerStream<ControllerFrame>, StreamReceiver<WorkerFrame>> rendezvous(
      Headers headers) {
    var _ = worker(headers);
    if (!headers.contains(REPLICA) || !headers.get(REPLICA).get().equals(replica)) {
      throw new ApiException(
          421,
          "other-replica",
          "this is replica %s: dial again, for the one that %s names"
              .formatted(replica, REPLICA.defaultCase()));
    }
    return reception::rendezvous;
  }
}
