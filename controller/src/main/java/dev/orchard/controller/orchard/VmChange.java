package dev.orchard.controller.orchard;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VM;
import java.util.List;

/** What an update by Orchard's clients asks for: that a VM be stopped. Nothing else changes. */
final class VmChange {
  private static final String REFUSED = "vm-not-changed";

  private VmChange() {}

  /**
   * The power state that the VM shall have.
   *
   * @param vm as it stands
   * @throws ApiException 412 as Orchard refuses it
   */
  static PowerState powerState(VM vm, JsonBody body) {
    String name = vm.getMetadata().getName();
    if (VmJson.hasFailed(vm)) {
      throw refused("vm %s has failed: delete it and create another".formatted(name));
    }
    VmBody.refuseWhatIsNeverHere(body);
    for (String field : List.of("os", "arch", "runtime")) {
      String now = VmJson.of(vm).path(field).asText();
      String wanted = body.text(field);
      if (wanted != null && !wanted.isEmpty() && !now.isEmpty() && !wanted.equals(now)) {
        throw refused("%s: is %s and cannot be changed: create another VM".formatted(field, now));
      }
    }
    PowerState now = vm.getSpec().powerState();
    PowerState wanted = wanted(body);
    if (now == PowerState.STOPPED && wanted != now) {
      throw refused(
          "powerState: vm %s is stopped and stays so here: set spec.powerState of the object"
              .formatted(name));
    }
    return wanted;
  }

  private static PowerState wanted(JsonBody body) {
    String wanted = body.text("powerState");
    return switch (wanted == null ? "" : wanted) {
      case "running" -> PowerState.RUNNING;
      case "stopped" -> PowerState.STOPPED;
      case "suspended" -> throw refused("powerState: VMs are stopped, not suspended");
      default -> throw refused("powerState: must be running or stopped");
    };
  }

  private static ApiException refused(String message) {
    return new ApiException(412, REFUSED, message);
  }
}
