package dev.orchard.worker.vm;

import java.util.List;
import java.util.Optional;

/** A way to run VMs. Keeps no state but what it writes into a VM's folder. */
public interface VmRuntime {
  /** As in {@link VmSpec#runtime()}. */
  String name();

  /** What clients should know of it before they use it. */
  List<String> capabilities();

  /**
   * Powers a VM on. The boot id stands in the folder already, so that a machine which a dying
   * daemon has started is found again.
   *
   * @throws MachineException where it cannot, with the reason for the VM's owner
   */
  Machine start(VmSpec spec, String bootId, VmFolder folder) throws InterruptedException;

  /** The machine of this boot, if it still runs. */
  Optional<Machine> adopt(VmSpec spec, String bootId, VmFolder folder);
}
