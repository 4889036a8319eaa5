package dev.orchard.worker;

import dev.orchard.worker.qemu.Accelerator;
import dev.orchard.worker.qemu.GuestImage;
import dev.orchard.worker.road.HttpProxy;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Transport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a worker can be told.
 *
 * @param name of the Worker object and of the ServiceAccount
 * @param dataDir of VMs and sessions; 0700, of one worker alone
 * @param controllers where there is a replica, or several
 * @param transport which roads to them are taken
 * @param proxy for the road over HTTP; absent: none
 * @param controllerCa PEM file that controllers' certificates are checked against
 * @param tokenFile the worker's bearer token; read anew for every call
 * @param runtimes {@code qemu}, {@code process}; the first is that of VMs which name none
 * @param images what VMs may boot under {@code qemu}, by name
 * @param agentCommand what starts the guest agent under {@code process}, without its arguments
 * @param cpu how many VMs may have together
 * @param memoryMib as {@code cpu}
 * @param sessionStorage bytes that the logs of all sessions may take; 0: a fifth of the disk
 */
public record WorkerSettings(
    String name,
    Path dataDir,
    List<ReplicaAddress> controllers,
    Transport transport,
    @Nullable HttpProxy proxy,
    Path controllerCa,
    Path tokenFile,
    List<String> runtimes,
    Map<String, GuestImage> images,
    List<String> agentCommand,
    int cpu,
    long memoryMib,
    long sessionStorage,
    Accelerator accelerator) {

  public WorkerSettings {
    controllers = List.copyOf(controllers);
    runtimes = List.copyOf(runtimes);
    images = Map.copyOf(images);
    controllers.forEach(controller -> controller.require(transport));
    agentCommand = List.copyOf(agentCommand);
    if (runtimes.isEmpty()) {
      throw new IllegalArgumentException("runtimes: none of qemu, process");
    }
    if (runtimes.contains("process") && agentCommand.isEmpty()) {
      throw new IllegalArgumentException(
          "agentCommand: runtime process needs what starts the guest agent");
    }
  }
}
