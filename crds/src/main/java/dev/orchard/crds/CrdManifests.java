package dev.orchard.crds;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * The generated CustomResourceDefinitions, which lie in this jar as {@code
 * META-INF/fabric8/<plural>.orchard.dev-v1.yml}.
 */
public final class CrdManifests {
  private static final List<String> PLURALS = List.of("workers", "vms", "vmexecs");

  private CrdManifests() {}

  /** All of them, ready to be applied. */
  public static List<CustomResourceDefinition> load() {
    KubernetesSerialization serialization = new KubernetesSerialization();
    return PLURALS.stream().map(CrdManifests::path).map(path -> load(path, serialization)).toList();
  }

  /** Their places on the class path. */
  public static Stream<String> paths() {
    return PLURALS.stream().map(CrdManifests::path);
  }

  private static String path(String plural) {
    return "META-INF/fabric8/" + plural + ".orchard.dev-v1.yml";
  }

  private static CustomResourceDefinition load(String path, KubernetesSerialization serialization) {
    try (InputStream yaml = CrdManifests.class.getClassLoader().getResourceAsStream(path)) {
      if (yaml == null) {
        throw new IllegalStateException(path + " is not on the class path: build module crds");
      }
      return serialization.unmarshal(yaml, CustomResourceDefinition.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
