package dev.orchard.dev.cluster.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;

/**
 * A kind of object as discovery tells clients of it.
 *
 * @param group empty for the core group
 */
record Resource(
    String group,
    String version,
    String plural,
    String singular,
    String kind,
    boolean namespaced,
    boolean statusSubresource,
    List<String> shortNames,
    List<String> categories) {
  private static final List<String> VERBS =
      List.of("create", "delete", "get", "list", "patch", "update", "watch");

  /** What the parts need beside their own kinds. */
  static final List<Resource> BUILT_IN =
      List.of(
          builtIn("", "namespaces", "Namespace", false, "ns"),
          builtIn("", "serviceaccounts", "ServiceAccount", true, "sa"),
          builtIn("", "secrets", "Secret", true),
          builtIn("", "configmaps", "ConfigMap", true, "cm"),
          builtIn("", "events", "Event", true, "ev"),
          builtIn("coordination.k8s.io", "leases", "Lease", true),
          builtIn(
              "apiextensions.k8s.io",
              "customresourcedefinitions",
              "CustomResourceDefinition",
              false,
              "crd"));

  private static Resource builtIn(
      String group, String plural, String kind, boolean namespaced, String... shortNames) {
    return new Resource(
        group,
        "v1",
        plural,
        kind.toLowerCase(Locale.ROOT),
        kind,
        namespaced,
        false,
        List.of(shortNames),
        List.of());
  }

  /** "v1" or "group/version". */
  String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** Its entries in an APIResourceList: itself, and its status where that is apart. */
  void describeTo(ArrayNode resources) {
    ObjectNode self = resources.addObject();
    self.put("name", plural).put("singularName", singular);
    self.put("namespaced", namespaced).put("kind", kind);
    self.set("verbs", strings(VERBS));
    self.set("shortNames", strings(shortNames));
    self.set("categories", strings(categories));
    if (statusSubresource) {
      ObjectNode status = resources.addObject();
      status.put("name", plural + "/status").put("singularName", "");
      status.put("namespaced", namespaced).put("kind", kind);
      status.set("verbs", strings(List.of("get", "patch", "update")));
    }
  }

  private static ArrayNode strings(List<String> values) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    values.forEach(array::add);
    return array;
  }
}
