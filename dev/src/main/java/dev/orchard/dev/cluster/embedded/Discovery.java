package dev.orchard.dev.cluster.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The documents by which clients, kubectl first of all, find out what an API server has. */
final class Discovery {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static final String OPENAPI = "/openapi/v3";
  private static final Set<String> TOP = Set.of("/version", "/api", "/apis", OPENAPI);
  // A group's version, or the core's.
  private static final Pattern OF_VERSION =
      Pattern.compile("(/openapi/v3)?/(api/(?=[^/]+$)|apis/(?=[^/]+/[^/]+$))(?<version>.+)");

  private Discovery() {}

  /** Whether there may be a document of that path. */
  static boolean covers(String path) {
    return TOP.contains(path) || OF_VERSION.matcher(path).matches();
  }

  /** The document of that path, if it is one of discovery's. */
  static Optional<ObjectNode> document(String path, List<Resource> resources) {
    SortedMap<String, List<Resource>> byVersion =
        resources.stream()
            .collect(
                Collectors.groupingBy(Resource::apiVersion, TreeMap::new, Collectors.toList()));
    return switch (path) {
      case "/version" -> Optional.of(version());
      case "/api" -> Optional.of(coreVersions());
      case "/apis" -> Optional.of(groups(byVersion));
      case OPENAPI -> Optional.of(schemas(byVersion));
      default -> ofVersion(path, byVersion);
    };
  }

  private static Optional<ObjectNode> ofVersion(
      String path, Map<String, List<Resource>> byVersion) {
    Matcher matcher = OF_VERSION.matcher(path);
    return matcher.matches()
        ? Optional.ofNullable(byVersion.get(matcher.group("version")))
            .map(resources ->
                path.startsWith(OPENAPI) ? serverSideValidation(resources) : resources(resources))
        : Optional.empty();
  }

  private static ObjectNode version() {
    return JSON.objectNode()
        .put("major", "1")
        .put("minor", "36")
        .put("gitVersion", "v1.36.0+orchard-embedded");
  }

  private static ObjectNode coreVersions() {
    ObjectNode document = JSON.objectNode().put("kind", "APIVersions").put("apiVersion", "v1");
    document.putArray("versions").add("v1");
    return document;
  }

  private static ObjectNode groups(Map<String, List<Resource>> byVersion) {
    ObjectNode document = JSON.objectNode().put("kind", "APIGroupList").put("apiVersion", "v1");
    ArrayNode groups = document.putArray("groups");
    byVersion.forEach((apiVersion, resources) -> {
      Resource any = resources.getFirst();
      if (!any.group().isEmpty()) {
        ObjectNode version =
            JSON.objectNode().put("groupVersion", apiVersion).put("version", any.version());
        ObjectNode group = groups.addObject().put("name", any.group());
        group.putArray("versions").add(version);
        group.set("preferredVersion", version);
      }
    });
    return document;
  }

  private static ObjectNode resources(List<Resource> resources) {
    ObjectNode document =
        JSON.objectNode()
            .put("kind", "APIResourceList")
            .put("apiVersion", "v1")
            .put("groupVersion", resources.getFirst().apiVersion());
    ArrayNode entries = document.putArray("resources");
    resources.forEach(resource -> resource.describeTo(entries));
    return document;
  }

  private static ObjectNode schemas(Map<String, List<Resource>> byVersion) {
    ObjectNode document = JSON.objectNode();
    ObjectNode paths = document.putObject("paths");
    byVersion.forEach((apiVersion, resources) -> {
      String path = (resources.getFirst().group().isEmpty() ? "api/" : "apis/") + apiVersion;
      paths.putObject(path).put("serverRelativeURL", OPENAPI + "/" + path);
    });
    return document;
  }

  /**
   * No schema at all, but the parameter that tells kubectl to leave validation to the server, which
   * then does none. Else kubectl insists on schemas in a format of old.
   */
  private static ObjectNode serverSideValidation(List<Resource> resources) {
    ObjectNode document = JSON.objectNode().put("openapi", "3.0.0");
    ObjectNode paths = document.putObject("paths");
    for (Resource resource : resources) {
      ObjectNode patch = paths.putObject("/" + resource.plural()).putObject("patch");
      patch.putArray("parameters").addObject().put("name", "fieldValidation").put("in", "query");
      patch
          .putObject("x-kubernetes-group-version-kind")
          .put("group", resource.group())
          .put("version", resource.version())
          .put("kind", resource.kind());
    }
    return document;
  }
}
