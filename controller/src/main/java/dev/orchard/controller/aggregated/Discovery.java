package dev.orchard.controller.aggregated;

import io.fabric8.kubernetes.api.model.APIGroup;
import io.fabric8.kubernetes.api.model.APIGroupBuilder;
import io.fabric8.kubernetes.api.model.APIGroupListBuilder;
import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.APIResourceBuilder;
import io.fabric8.kubernetes.api.model.APIResourceListBuilder;
import io.fabric8.kubernetes.api.model.GroupVersionForDiscovery;
import java.util.Map;

/**
 * What the API server asks to know what we serve. Subresources alone are listed, so that {@code
 * kubectl get vms} means the objects and nothing else.
 */
final class Discovery {
  private static final String GROUP = "subresources.orchard.dev";
  private static final String VERSION = "v1alpha1";
  private static final String GROUP_PATH = "/apis/" + GROUP;

  static final String GROUP_VERSION_PATH = GROUP_PATH + "/" + VERSION;

  private Discovery() {}

  /** By their paths. */
  static Map<String, Object> documents() {
    String openApi = "/openapi/v3" + GROUP_VERSION_PATH;
    Map<String, String> info = Map.of("title", "Orchard for Kubernetes", "version", VERSION);
    return Map.of(
        "/apis",
        new APIGroupListBuilder().withApiVersion("v1").withGroups(group()).build(),
        GROUP_PATH,
        group(),
        GROUP_VERSION_PATH,
        new APIResourceListBuilder()
            .withApiVersion("v1")
            .withGroupVersion(GROUP + "/" + VERSION)
            .withResources(
                resource("vms/exec", "VM", "create", "get"),
                resource("vms/portforward", "VM", "create", "get"),
                resource("vmexecs/attach", "VMExec", "create", "get"),
                resource("vmexecs/log", "VMExec", "get"))
            .build(),
        // There are no objects in this group whose fields anybody could look up.
        "/openapi/v2",
        Map.of("swagger", "2.0", "info", info, "paths", Map.of()),
        "/openapi/v3",
        Map.of(
            "paths",
            Map.of(
                openApi.substring("/openapi/v3/".length()), Map.of("serverRelativeURL", openApi))),
        openApi,
        Map.of("openapi", "3.0.0", "info", info, "paths", Map.of()));
  }

  private static APIGroup group() {
    GroupVersionForDiscovery version = new GroupVersionForDiscovery(GROUP + "/" + VERSION, VERSION);
    return new APIGroupBuilder()
        .withApiVersion("v1")
        .withName(GROUP)
        .withVersions(version)
        .withPreferredVersion(version)
        .build();
  }

  private static APIResource resource(String name, String kind, String... verbs) {
    return new APIResourceBuilder()
        .withName(name)
        .withSingularName("")
        .withNamespaced(true)
        .withKind(kind)
        .withVerbs(verbs)
        .build();
  }
}
