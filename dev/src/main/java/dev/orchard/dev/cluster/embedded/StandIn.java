package dev.orchard.dev.cluster.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionNames;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.mockwebserver.crud.Attribute;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Fabric8's CRUD server with what it lacks for our own parts and for kubectl: it knows who calls,
 * answers discovery, token and access reviews, mints service account tokens, gives out UIDs that
 * are not those of its last life, and takes every kind of patch (apply and strategic ones as merge
 * patches).
 *
 * <p>All calls come from one event loop thread.
 */
final class StandIn extends KubernetesCrudDispatcher {
  private static final String SELF_ACCESS_REVIEW =
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  private static final String SELF_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  private static final String TOKEN_REVIEW = "/apis/authentication.k8s.io/v1/tokenreviews";

  private final KubernetesSerialization json = new KubernetesSerialization();
  private final Tokens tokens;

  StandIn(Tokens tokens) {
    this.tokens = tokens;
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) {
    Optional<Tokens.Identity> caller =
        bearer(request).flatMap(token -> tokens.identify(token, List.of(Tokens.API)));
    if (caller.isEmpty()) {
      return asJson(Status.UNAUTHORIZED.response());
    }
    String path = request.getPath().replaceFirst("\\?.*", "");
    if (request.getPath().contains("sendInitialEvents=true")) {
      // Clients then list and watch, as they did before there was such a thing.
      return asJson(new Status(422, "Invalid", "sendInitialEvents is not supported").response());
    }
    MockResponse response =
        special(request, path, caller.get()).orElseGet(() -> super.dispatch(request));
    if (response.getWebSocketListener() != null) {
      return response;
    }
    return asJson(response.code() == 404 ? notFound(path).response() : response);
  }

  @Override
  public MockResponse handleCreate(RecordedRequest request) {
    GenericKubernetesResource created =
        json.unmarshal(request.getUtf8Body(), GenericKubernetesResource.class);
    String path = request.getPath();
    ObjectMeta metadata =
        Objects.requireNonNullElseGet(created.getMetadata(), () -> new ObjectMeta());
    UUID uid = UUID.randomUUID();
    if (metadata.getName() == null) {
      metadata.setName(metadata.getGenerateName() + uid.toString().substring(0, 5));
    }
    AttributeSet key = getKey(path).add(new Attribute("name", metadata.getName()));
    if (findResource(key) != null) {
      return new Status(
              409,
              "AlreadyExists",
              "%s \"%s\" already exists".formatted(created.getKind(), metadata.getName()))
          .response();
    }
    Attribute namespace = key.getAttribute("namespace");
    metadata.setNamespace(namespace == null ? null : namespace.getValues().getFirst().toString());
    metadata.setUid(uid.toString());
    metadata.setCreationTimestamp(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    metadata.setDeletionTimestamp(null);
    metadata.setResourceVersion(Long.toString(requestResourceVersion()));
    metadata.setGeneration(1L);
    created.setMetadata(metadata);
    if (isStatusSubresourceEnabledForResource(path)) {
      created.getAdditionalProperties().remove("status");
    }
    String stored = json.asJson(created);
    processEvent(path, key, null, created, stored);
    return answer(201, stored);
  }

  /** Also of a status, whose version Fabric8 does not look at: writers would undo each other's. */
  @Override
  public MockResponse handleUpdate(RecordedRequest request) {
    String body = request.getUtf8Body();
    Map.Entry<AttributeSet, String> current = findResource(getKey(request.getPath()));
    String based = version(body);
    if (current != null && !based.isEmpty() && !based.equals(version(current.getValue()))) {
      return new Status(
              409, "Conflict", "the object has been modified; apply your changes to the latest one")
          .response();
    }
    return super.handleUpdate(withBody(request, HttpMethod.PUT, request.getPath(), body));
  }

  @Override
  public MockResponse handlePatch(RecordedRequest request) {
    String type = Objects.requireNonNullElse(request.getHeader("Content-Type"), "");
    if (type.startsWith("application/json-patch+json")) {
      return super.handlePatch(request);
    }
    // An apply-patch may be YAML, which JSON is a part of.
    String body = json.asJson(json.unmarshal(request.getUtf8Body(), JsonNode.class));
    if (type.startsWith("application/apply-patch")
        && findResource(getKey(request.getPath())) == null) {
      return handleCreate(
          withBody(request, HttpMethod.POST, collectionOf(request.getPath()), body));
    }
    return super.handlePatch(withBody(request, HttpMethod.PATCH, request.getPath(), body));
  }

  private Optional<MockResponse> special(
      RecordedRequest request, String path, Tokens.Identity caller) {
    return switch (request.method()) {
      case GET ->
          // To know all resources costs parsing every CRD: not for each object that is read.
          Discovery.covers(path)
              ? Discovery.document(path, resources())
                  .map(document -> answer(200, document.toString()))
              : Optional.empty();
      case POST ->
          switch (path) {
            case SELF_ACCESS_REVIEW ->
                reviewed(request, (_, status) -> status.put("allowed", true));
            case SELF_REVIEW ->
                reviewed(request, (_, status) -> describe(caller, status.putObject("userInfo")));
            case TOKEN_REVIEW -> reviewed(request, this::reviewToken);
            default -> mintedToken(request, path);
          };
      default -> Optional.empty();
    };
  }

  private interface Reviewer {
    void fill(JsonNode spec, ObjectNode status);
  }

  private Optional<MockResponse> reviewed(RecordedRequest request, Reviewer reviewer) {
    ObjectNode review = body(request);
    reviewer.fill(review.path("spec"), review.putObject("status"));
    return Optional.of(answer(201, review.toString()));
  }

  private void reviewToken(JsonNode spec, ObjectNode status) {
    List<String> wanted = strings(spec.path("audiences"));
    List<String> audiences = wanted.isEmpty() ? List.of(Tokens.API) : wanted;
    Optional<Tokens.Identity> identity = tokens.identify(spec.path("token").asText(), audiences);
    status.put("authenticated", identity.isPresent());
    identity.ifPresent(known -> {
      describe(known, status.putObject("user"));
      ArrayNode common = status.putArray("audiences");
      known.audiences().stream().filter(audiences::contains).forEach(common::add);
    });
  }

  private Optional<MockResponse> mintedToken(RecordedRequest request, String path) {
    String[] parts = path.split("/", -1);
    // /api/v1/namespaces/NAMESPACE/serviceaccounts/NAME/token
    if (parts.length != 8 || !parts[5].equals("serviceaccounts") || !parts[7].equals("token")) {
      return Optional.empty();
    }
    if (findResource(getKey(path.replaceFirst("/token$", ""))) == null) {
      return Optional.of(notFound(path).response());
    }
    ObjectNode answer = body(request);
    JsonNode spec = answer.path("spec");
    answer
        .putObject("status")
        .put("token", tokens.mint(parts[4], parts[6], strings(spec.path("audiences"))))
        .put(
            "expirationTimestamp",
            Instant.now()
                .plusSeconds(spec.path("expirationSeconds").asLong(3600))
                .truncatedTo(ChronoUnit.SECONDS)
                .toString());
    return Optional.of(answer(201, answer.toString()));
  }

  private List<Resource> resources() {
    return Stream.concat(
            Resource.BUILT_IN.stream(),
            definitions().stream()
                .flatMap(crd ->
                    crd.getSpec().getVersions().stream().map(version -> resource(crd, version))))
        .toList();
  }

  private static Resource resource(
      CustomResourceDefinition crd, CustomResourceDefinitionVersion version) {
    CustomResourceDefinitionNames names = crd.getSpec().getNames();
    return new Resource(
        crd.getSpec().getGroup(),
        version.getName(),
        names.getPlural(),
        Objects.requireNonNullElseGet(
            names.getSingular(), () -> names.getKind().toLowerCase(Locale.ROOT)),
        names.getKind(),
        crd.getSpec().getScope().equals("Namespaced"),
        version.getSubresources() != null && version.getSubresources().getStatus() != null,
        names.getShortNames(),
        names.getCategories());
  }

  private List<CustomResourceDefinition> definitions() {
    return new ArrayList<>(map.values())
        .stream()
            .filter(text -> text.contains("\"CustomResourceDefinition\""))
            .map(text -> json.unmarshal(text, CustomResourceDefinition.class))
            .toList();
  }

  private String version(String object) {
    return json.unmarshal(object, JsonNode.class).path("metadata").path("resourceVersion").asText();
  }

  private static Optional<String> bearer(RecordedRequest request) {
    return Optional.ofNullable(request.getHeader("Authorization"))
        .filter(header -> header.startsWith("Bearer "))
        .map(header -> header.substring("Bearer ".length()));
  }

  private static void describe(Tokens.Identity identity, ObjectNode user) {
    user.put("username", identity.user());
    ArrayNode groups = user.putArray("groups");
    identity.groups().forEach(groups::add);
    groups.add("system:authenticated");
  }

  private ObjectNode body(RecordedRequest request) {
    return json.unmarshal(request.getUtf8Body(), ObjectNode.class);
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(item -> strings.add(item.asText()));
    return strings;
  }

  private static String collectionOf(String path) {
    return path.replaceFirst("/[^/?]+(\\?.*)?$", "");
  }

  private static RecordedRequest withBody(
      RecordedRequest request, HttpMethod method, String path, String body) {
    return new RecordedRequest(
        request.getHttpVersion(),
        method,
        path,
        request
            .getHeaders()
            .newBuilder()
            .setHeader("Content-Type", "application/merge-patch+json")
            .build(),
        new Buffer(body.getBytes(StandardCharsets.UTF_8)));
  }

  private static Status notFound(String path) {
    return new Status(404, "NotFound", path + " not found");
  }

  private static MockResponse answer(int code, String body) {
    return new MockResponse().setResponseCode(code).setBody(body);
  }

  private static MockResponse asJson(MockResponse response) {
    return response.setHeader("Content-Type", "application/json");
  }
}
