package dev.orchard.crds.vmexec;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** One command in one boot of one VM: that it was asked for, and how it ended. */
@Group("orchard.dev")
@Version("v1alpha1")
@ShortNames("vmx")
@Categories("orchard")
@AdditionalPrinterColumn(name = "VM", jsonPath = ".spec.vmName")
@AdditionalPrinterColumn(name = "STATE", jsonPath = ".status.state")
@AdditionalPrinterColumn(name = "EXIT", jsonPath = ".status.exitSummary")
@AdditionalPrinterColumn(name = "COMMAND", jsonPath = ".status.commandSummary")
@AdditionalPrinterColumn(
    name = "AGE",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
@ValidationRule(
    value = "size(self.metadata.name) <= 63 && !self.metadata.name.contains('.')",
    message = "metadata.name must be a DNS label: at most 63 characters, no dots")
@ValidationRule(
    value = "!has(oldSelf.status) || has(self.status)",
    message = "status cannot be taken away again")
@ValidationRule(
    value =
        "!has(self.spec.target) || !has(self.status) || !has(self.status.boundTo)"
            + " || self.status.boundTo.vmUID == self.spec.target.vmUID"
            + " && self.status.boundTo.workerName == self.spec.target.workerName"
            + " && self.status.boundTo.bootID == self.spec.target.bootID",
    message = "status.boundTo must be what spec.target says")
public final class VMExec extends CustomResource<VMExecSpec, VMExecStatus> implements Namespaced {
  private static final long serialVersionUID = 1L;

  /** Its status, or the empty one where nobody has written any. */
  public VMExecStatus statusOrEmpty() {
    VMExecStatus status = getStatus();
    return status == null ? VMExecStatus.EMPTY : status;
  }
}
