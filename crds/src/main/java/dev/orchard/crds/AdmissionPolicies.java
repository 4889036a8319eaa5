package dev.orchard.crds;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The policies that belong to the kinds: a VMExec's creator must have the right to run commands in
 * its VM, and names nobody else as the one who asked. They lie in this jar as {@link #PATH}.
 */
public final class AdmissionPolicies {
  /** Place on the class path. */
  public static final String PATH = "META-INF/orchard/admission-policies.yml";

  private AdmissionPolicies() {}

  /** Policies and their bindings, ready to be applied. */
  public static List<HasMetadata> load() {
    try (InputStream yaml = AdmissionPolicies.class.getClassLoader().getResourceAsStream(PATH)) {
      if (yaml == null) {
        throw new IllegalStateException(PATH + " is not on the class path: build module crds");
      }
      return new KubernetesSerialization().unmarshal(yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
