package dev.orchard.controller;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.worker.Worker;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fabric8's CRUD server with callers: {@link #OWN} and {@link #ALICE} may do everything, {@link
 * #BOB} nothing that is not granted by {@link #grant}, and nobody else is known.
 */
public final class TestApi implements AutoCloseable {
  public static final String OWN = "token-of-the-controller";
  public static final String ALICE = "token-of-alice";
  public static final String BOB = "token-of-bob";
  private static final String REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  private static final String REVIEWS_OF_OTHERS =
      "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  private static final String TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews";

  private final KubernetesMockServer server;
  private final KubernetesClient own;
  private final Set<String> bobMay = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accessReviews = new AtomicInteger();
  private final AtomicInteger statusWrites = new AtomicInteger();
  private volatile boolean away;
  private boolean stopped;

  public TestApi() {
    Dispatcher dispatcher = new Dispatcher();
    server =
        new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
    server.init();
    for (Class<?> type : List.of(VM.class, VMExec.class, Worker.class)) {
      dispatcher.expectCustomResource(
          CustomResourceDefinitionContext.fromCustomResourceType(
              type.asSubclass(io.fabric8.kubernetes.client.CustomResource.class)));
    }
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(server.url("/"))
            .withOauthToken(OWN)
            .withHttp2Disable(true)
            .build();
    own = new KubernetesClientBuilder().withConfig(config).build();
  }

  public KubernetesClient own() {
    return own;
  }

  /** From now on every call is answered with 503. */
  public void away(boolean away) {
    this.away = away;
  }

  /** From now on nobody listens there. */
  public void stop() {
    if (!stopped) {
      stopped = true;
      server.destroy();
    }
  }

  /** As {@code create vms/exec}. */
  public void grant(String right) {
    bobMay.add(right);
  }

  public void revoke(String right) {
    bobMay.remove(right);
  }

  public int accessReviews() {
    return accessReviews.get();
  }

  public int statusWrites() {
    return statusWrites.get();
  }

  @Override
  public void close() {
    own.close();
    stop();
  }

  private final class Dispatcher extends KubernetesCrudDispatcher {
    private final KubernetesSerialization json = new KubernetesSerialization();

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      if (away) {
        return refusal(503, "ServiceUnavailable");
      }
      String token = String.valueOf(request.getHeader("Authorization")).replace("Bearer ", "");
      if (!Set.of(OWN, ALICE, BOB).contains(token)) {
        return refusal(401, "Unauthorized");
      }
      String path = request.getPath().replaceFirst("\\?.*", "");
      if (path.equals(REVIEWS)) {
        accessReviews.incrementAndGet();
        return review(request, token);
      }
      if (path.equals(REVIEWS_OF_OTHERS) && token.equals(OWN)) {
        accessReviews.incrementAndGet();
        return review(request, token);
      }
      if (path.equals(TOKENS)) {
        return tokenReview(request);
      }
      if (request.getMethod().equals("PUT") && path.endsWith("/status")) {
        statusWrites.incrementAndGet();
      }
      if (token.equals(BOB) && !bobMay.contains(request.getMethod())) {
        return refusal(403, "Forbidden");
      }
      return super.dispatch(request);
    }

    private MockResponse review(RecordedRequest request, String token) {
      ObjectNode review = json.unmarshal(request.getUtf8Body(), ObjectNode.class);
      var attributes = review.path("spec").path("resourceAttributes");
      String right =
          "%s %s/%s"
              .formatted(
                  attributes.path("verb").asText(),
                  attributes.path("resource").asText(),
                  attributes.path("subresource").asText());
      // About whoever asks, or about somebody: alice may do what her token may, others what Bob's
      // may.
      String user = review.path("spec").path("user").asText();
      boolean bob = user.isEmpty() ? token.equals(BOB) : !user.equals("alice");
      boolean known = attributes.path("group").asText().equals("subresources.orchard.dev");
      review.putObject("status").put("allowed", known && (!bob || bobMay.contains(right)));
      return new MockResponse().setResponseCode(201).setBody(review.toString());
    }

    /** The token {@code worker:NAME} is of the worker NAME. */
    private MockResponse tokenReview(RecordedRequest request) {
      ObjectNode review = json.unmarshal(request.getUtf8Body(), ObjectNode.class);
      String token = review.path("spec").path("token").asText();
      ObjectNode status = review.putObject("status");
      boolean worker = token.startsWith("worker:");
      status.put("authenticated", worker || token.equals(ALICE));
      if (worker) {
        status
            .putObject("user")
            .put("username", "system:serviceaccount:orchard-system:" + token.substring(7));
        status.putArray("audiences").add("orchard-worker");
      } else {
        status.putObject("user").put("username", "alice");
        status.putArray("audiences").add("api");
      }
      return new MockResponse().setResponseCode(201).setBody(review.toString());
    }

    private MockResponse refusal(int code, String reason) {
      return new MockResponse()
          .setResponseCode(code)
          .setHeader("Content-Type", "application/json")
          .setBody(
              json.asJson(
                  new StatusBuilder()
                      .withCode(code)
                      .withReason(reason)
                      .withStatus("Failure")
                      .withMessage(reason)
                      .build()));
    }
  }
}
