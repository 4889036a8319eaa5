package dev.orchard.worker.gateway;

import java.util.List;

/** What a worker says of itself when it registers. */
public record WorkerIdentity(
    String name,
    String version,
    String os,
    String arch,
    List<String> runtimes,
    List<String> capabilities,
    int cpu,
    long memoryMib) {

  public WorkerIdentity {
    runtimes = List.copyOf(runtimes);
    capabilities = List.copyOf(capabilities);
  }
}
