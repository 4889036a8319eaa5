package dev.orchard.dev.cluster.embedded;

import com.fasterxml.jackson.databind.JsonNode;
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
  private final KubernetesSerialization json = new KubernetesSerialization();
  private final Tokens tokens;
  private final Reviews reviews;

  StandIn(Tokens tokens) {
    this.tokens = tokens;
    this.reviews = new Reviews(tokens);
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
          Reviews.covers(path) ? Optional.of(reviewed(request, path, caller)) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private MockResponse reviewed(RecordedRequest request, String path, Tokens.Identity caller) {
    ObjectNode object = json.unmarshal(request.getUtf8Body(), ObjectNode.class);
    reviews.answer(path, object, caller);
    return answer(201, object.toString());
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
