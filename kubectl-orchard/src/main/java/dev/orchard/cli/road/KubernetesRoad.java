package dev.orchard.cli.road;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.client.Attachment;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.Http;
import dev.orchard.client.Identity;
import dev.orchard.client.Reply;
import dev.orchard.client.ServerAddress;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.SessionStream;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Through the Kubernetes API with nothing but a kubeconfig: objects are made there by the user, and
 * sessions are reached by the aggregated API {@code subresources.orchard.dev}.
 */
public final class KubernetesRoad implements Road {
  private static final String OBJECTS = "/apis/orchard.dev/v1alpha1/namespaces/";
  private static final String SUBRESOURCES = "/apis/subresources.orchard.dev/v1alpha1";

  private static final int CONFLICT = 409;
  private static final int NOT_FOUND = 404;

  private static final int PAGE = 100;

  private final Http http;
  private boolean isServed;

  public KubernetesRoad(ServerAddress apiServer, Identity identity) {
    this.http = new Http(apiServer, identity, KubernetesRoad::meaning);
  }

  private static String meaning(int status) {
    return switch (status) {
      case 401 -> "the Kubernetes API does not take these credentials";
      case 403 -> "the Kubernetes API does not allow it to this user";
      case 404 ->
          "the Kubernetes API does not know it: this cluster needs Orchard's CRDs and the"
              + " APIService v1alpha1.subresources.orchard.dev, or name a controller to go to"
              + " directly, by --server URL, ORCHARD_SERVER or the cluster's extension orchard.dev"
              + " in kubeconfig";
      case 503 ->
          "the Kubernetes API does not reach Orchard's controller (APIService"
              + " v1alpha1.subresources.orchard.dev)";
      default -> "the Kubernetes API answered with HTTP status " + status;
    };
  }

  @Override
  public Reply<SessionAddress> create(SessionAddress session, ExecRequest spec, Duration wait)
      throws InterruptedException {
    Optional<Reply<SessionAddress>> unserved = whereUnserved(session);
    if (unserved.isPresent()) {
      return unserved.get();
    }
    return switch (http.send(
        http.request(OBJECTS + session.namespace() + "/vms/" + session.vm()).build())) {
      case Reply.Done<JsonNode>(JsonNode vm) ->
          switch (VmBoot.of(session.vm(), vm)) {
            case VmBoot.Ready(JsonNode target) -> create(session, spec, target);
            case VmBoot.NotReady(int status, String why) ->
                new Reply.Refused<>(status, why, Optional.of(VmBoot.POLL));
          };
      case Reply.Refused<JsonNode> refused -> refused.map(_ -> session);
      case Reply.Failed<JsonNode> failed -> failed.map(_ -> session);
    };
  }

  /** Nothing is started of which the output could not be had then. Asked once. */
  private Optional<Reply<SessionAddress>> whereUnserved(SessionAddress session)
      throws InterruptedException {
    if (isServed) {
      return Optional.empty();
    }
    Reply<JsonNode> group = http.send(http.request(SUBRESOURCES).build());
    // Who may not even ask may still be served.
    if (group instanceof Reply.Refused<JsonNode> refused
        && (refused.status() == NOT_FOUND || refused.isPassing())) {
      return Optional.of(refused.map(_ -> session));
    }
    isServed = group instanceof Reply.Done;
    return Optional.empty();
  }

  private Reply<SessionAddress> create(SessionAddress session, ExecRequest spec, JsonNode target)
      throws InterruptedException {
    HttpRequest request =
        http.request(objects(session))
            .header("Content-Type", "application/json")
            .POST(Http.json(ObjectBody.object(session, spec, target)))
            .build();
    Reply<JsonNode> created = http.send(request);
    if (created instanceof Reply.Refused<JsonNode> refused && refused.status() == CONFLICT) {
      return running(session, spec);
    }
    return created.map(_ -> session);
  }

  /** The session that has the name already, if it is the one that is asked for. */
  private Reply<SessionAddress> running(SessionAddress session, ExecRequest spec)
      throws InterruptedException {
    return switch (http.send(http.request(objects(session) + "/" + session.session()).build())) {
      case Reply.Done<JsonNode>(JsonNode object) ->
          object
                  .path("metadata")
                  .path("annotations")
                  .path(ObjectBody.DIGEST_ANNOTATION)
                  .asText("")
                  .equals(ObjectBody.digest(session.vm(), spec))
              ? new Reply.Done<>(session)
              : new Reply.Refused<>(
                  CONFLICT,
                  "session %s was started with another command, other options or by another road:"
                          .formatted(session.session())
                      + " choose another name",
                  Optional.empty());
      case Reply.Refused<JsonNode> refused -> refused.map(_ -> session);
      case Reply.Failed<JsonNode> failed -> failed.map(_ -> session);
    };
  }

  @Override
  public Reply<SessionStream> attach(
      SessionAddress session, Attachment how, SessionStream.Listener listener) {
    return http.attach(subresource(session, "attach"), how, listener);
  }

  @Override
  public Reply<SessionStream> log(
      SessionAddress session, Attachment how, boolean follow, SessionStream.Listener listener) {
    return http.log(subresource(session, "log"), how, follow, listener);
  }

  @Override
  public Reply<SessionInfo> session(SessionAddress session) throws InterruptedException {
    Reply<SessionInfo> found =
        http.send(http.request(objects(session) + "/" + session.session()).build())
            .map(SessionInfo::ofObject);
    if (found instanceof Reply.Done<SessionInfo>(SessionInfo info)
        && !session.vm().isEmpty()
        && !session.vm().equals(info.vm())) {
      return new Reply.Refused<>(
          NOT_FOUND,
          "session %s is of vm %s, not %s".formatted(info.session(), info.vm(), session.vm()),
          Optional.empty());
    }
    return found;
  }

  @Override
  public Reply<List<SessionInfo>> sessions(String namespace, String vm)
      throws InterruptedException {
    return list(OBJECTS + namespace + "/vmexecs", "", SessionInfo::ofObject)
        .map(all ->
            all.stream()
                .filter(info -> vm.isEmpty() || info.vm().equals(vm))
                .sorted(SessionInfo.OLDEST_FIRST)
                .toList());
  }

  @Override
  public Reply<List<String>> vms(String namespace, String selector) throws InterruptedException {
    return list(
        OBJECTS + namespace + "/vms", selector, vm -> vm.path("metadata").path("name").asText(""));
  }

  private <T> Reply<List<T>> list(String path, String selector, Function<JsonNode, T> item)
      throws InterruptedException {
    List<T> all = new ArrayList<>();
    String next = "";
    do {
      String query =
          "?limit=%d&labelSelector=%s&continue=%s"
              .formatted(
                  PAGE,
                  URLEncoder.encode(selector, StandardCharsets.UTF_8),
                  URLEncoder.encode(next, StandardCharsets.UTF_8));
      Reply<JsonNode> page = http.send(http.request(path + query).build());
      if (!(page instanceof Reply.Done<JsonNode>(JsonNode list))) {
        return page.map(_ -> List.of());
      }
      list.path("items").forEach(json -> all.add(item.apply(json)));
      next = list.path("metadata").path("continue").asText("");
    } while (!next.isEmpty());
    return new Reply.Done<>(all);
  }

  @Override
  public Reply<SessionAddress> signal(SessionAddress session, Frame.Signal signal)
      throws InterruptedException {
    return http.send(
            http.request(subresource(session, "attach"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JsonFrames.encode(signal)))
                .build())
        .map(_ -> session);
  }

  @Override
  public Reply<SessionAddress> cancel(SessionAddress session) throws InterruptedException {
    return http.send(
            http.request(objects(session) + "/" + session.session())
                .header("Content-Type", "application/merge-patch+json")
                .method(
                    "PATCH",
                    HttpRequest.BodyPublishers.ofString(
                        "{\"spec\":{\"desiredState\":\"Cancelled\"}}"))
                .build())
        .map(_ -> session);
  }

  @Override
  public <L extends WebSocket.Listener> Reply<L> forward(
      String namespace, String vm, int port, L listener) {
    return http.webSocket(
        "%s/namespaces/%s/vms/%s/portforward?port=%d".formatted(SUBRESOURCES, namespace, vm, port),
        listener);
  }

  @Override
  public boolean needsVm() {
    return false;
  }

  @Override
  public String shown(SessionAddress session) {
    return session.session();
  }

  private static String objects(SessionAddress session) {
    return OBJECTS + session.namespace() + "/vmexecs";
  }

  private static String subresource(SessionAddress session, String what) {
    return "%s/namespaces/%s/vmexecs/%s/%s"
        .formatted(SUBRESOURCES, session.namespace(), session.session(), what);
  }

  @Override
  public void close() {
    http.close();
  }
}
