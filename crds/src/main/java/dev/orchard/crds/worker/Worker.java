package dev.orchard.crds.worker;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A host that runs VMs. A controller creates it when the worker of that name registers. */
@Group("orchard.dev")
@Version("v1alpha1")
@Categories("orchard")
@AdditionalPrinterColumn(
    name = "READY",
    jsonPath = ".status.conditions[?(@.type==\"Ready\")].status")
@AdditionalPrinterColumn(name = "OS", jsonPath = ".status.os")
@AdditionalPrinterColumn(name = "ARCH", jsonPath = ".status.arch")
@AdditionalPrinterColumn(
    name = "AGE",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
@ValidationRule(
    value = "size(self.metadata.name) <= 63 && !self.metadata.name.contains('.')",
    message = "metadata.name must be a DNS label: at most 63 characters, no dots")
public final class Worker extends CustomResource<WorkerSpec, WorkerStatus> {
  private static final long serialVersionUID = 1L;

  /** As nodes have it; see {@link #allLabels}. */
  public static final String OS_LABEL = "kubernetes.io/os";

  /** As nodes have it; see {@link #allLabels}. */
  public static final String ARCH_LABEL = "kubernetes.io/arch";

  /** Its spec, or the defaults where the object has none. */
  public WorkerSpec specOrDefault() {
    WorkerSpec spec = getSpec();
    return spec == null ? new WorkerSpec(false) : spec;
  }

  /** Its status, or the empty one where nobody has written any. */
  public WorkerStatus statusOrEmpty() {
    WorkerStatus status = getStatus();
    return status == null ? WorkerStatus.EMPTY : status;
  }

  /** Its labels, and by the names that nodes use what it says of itself. */
  public Map<String, String> allLabels() {
    Map<String, String> all =
        new TreeMap<>(Optional.ofNullable(getMetadata().getLabels()).orElse(Map.of()));
    WorkerStatus status = statusOrEmpty();
    if (status.os() != null) {
      all.put(OS_LABEL, status.os());
    }
    if (status.arch() != null) {
      all.put(ARCH_LABEL, status.arch());
    }
    return all;
  }
}
