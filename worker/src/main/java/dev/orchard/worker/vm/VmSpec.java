package dev.orchard.worker.vm;

/**
 * What a VM shall be. An empty runtime means the worker's first; 0 CPUs or MiB mean the runtime's
 * default. Changes of a running VM count from its next power-on.
 */
public record VmSpec(
    Uid uid,
    String namespace,
    String name,
    String image,
    String runtime,
    int cpu,
    long memoryMib,
    boolean running) {

  public VmSpec {
    if (cpu < 0 || memoryMib < 0) {
      throw new IllegalArgumentException(
          "vm %s: cpu %d and memory %d MiB must not be negative".formatted(uid, cpu, memoryMib));
    }
  }
}
