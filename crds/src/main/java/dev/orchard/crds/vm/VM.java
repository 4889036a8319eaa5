package dev.orchard.crds.vm;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;

/** A virtual machine that somebody wants. */
@Group("orchard.dev")
@Version("v1alpha1")
@Categories("orchard")
@AdditionalPrinterColumn(name = "STATE", jsonPath = ".status.state")
@AdditionalPrinterColumn(name = "WORKER", jsonPath = ".status.workerName")
@AdditionalPrinterColumn(name = "IMAGE", jsonPath = ".spec.image")
@AdditionalPrinterColumn(
    name = "AGE",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
@ValidationRule(
    value = "size(self.metadata.name) <= 63 && !self.metadata.name.contains('.')",
    message = "metadata.name must be a DNS label: at most 63 characters, no dots")
public final class VM extends CustomResource<VMSpec, VMStatus> implements Namespaced {
  private static final long serialVersionUID = 1L;

  /**
   * On every VM, until its worker holds nothing of it any more. Put and removed by the operator.
   */
  public static final String FINALIZER = "orchard.dev/worker";

  /** Its status, or the empty one where nobody has written any. */
  public VMStatus statusOrEmpty() {
    VMStatus status = getStatus();
    return status == null ? VMStatus.EMPTY : status;
  }
}
