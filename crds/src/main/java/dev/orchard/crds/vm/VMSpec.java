package dev.orchard.crds.vm;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What somebody wants to run. What it is made of never changes. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "self.image == oldSelf.image && self.cpu == oldSelf.cpu"
            + " && self.memoryMib == oldSelf.memoryMib && has(self.runtime) == has(oldSelf.runtime)"
            + " && (!has(self.runtime) || self.runtime == oldSelf.runtime)",
    message = "image, runtime, cpu and memoryMib of a VM never change; for another VM, create it")
public record VMSpec(
    @JsonPropertyDescription("Name of an image that the worker has been given.")
        @Required
        @Size(min = 1, max = 256)
        String image,
    @JsonPropertyDescription("How to run it: qemu, process. The worker's own default if absent.")
        @Size(max = 63)
        @Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
        @Nullable String runtime,
    @JsonPropertyDescription("Virtual CPUs.") @Default("" + VMSpec.DEFAULT_CPU) @Min(1) @Max(1024)
        Integer cpu,
    @JsonPropertyDescription("Memory in MiB.")
        @Default("" + VMSpec.DEFAULT_MEMORY_MIB)
        @Min(64)
        @Max(16777216)
        Long memoryMib,
    @JsonPropertyDescription(
            "Labels that a worker must have to get this VM. Without being labelled each has"
                + " kubernetes.io/os and kubernetes.io/arch, of its host.")
        @Size(max = 16)
        Map<String, @Size(max = 63) String> workerSelector,
    @JsonPropertyDescription("Whether it shall run.") @Default("Running") PowerState powerState) {
  public static final int DEFAULT_CPU = 1;
  public static final long DEFAULT_MEMORY_MIB = 512;

  public VMSpec {
    cpu = cpu == null ? DEFAULT_CPU : cpu;
    memoryMib = memoryMib == null ? DEFAULT_MEMORY_MIB : memoryMib;
    workerSelector = workerSelector == null ? Map.of() : Map.copyOf(workerSelector);
    powerState = powerState == null ? PowerState.RUNNING : powerState;
  }

  /** A VM of this image with defaults for the rest. */
  public static VMSpec ofImage(String image) {
    return new VMSpec(image, null, DEFAULT_CPU, DEFAULT_MEMORY_MIB, Map.of(), PowerState.RUNNING);
  }

  public VMSpec withRuntime(String runtime) {
    return new VMSpec(image, runtime, cpu, memoryMib, workerSelector, powerState);
  }

  public VMSpec withSize(int cpu, long memoryMib) {
    return new VMSpec(image, runtime, cpu, memoryMib, workerSelector, powerState);
  }

  public VMSpec withWorkerSelector(Map<String, String> workerSelector) {
    return new VMSpec(image, runtime, cpu, memoryMib, workerSelector, powerState);
  }

  public VMSpec withPowerState(PowerState powerState) {
    return new VMSpec(image, runtime, cpu, memoryMib, workerSelector, powerState);
  }
}
