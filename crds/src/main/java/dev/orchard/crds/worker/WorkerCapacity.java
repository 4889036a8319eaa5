package dev.orchard.crds.worker;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Min;

/** What a worker may give to its VMs in all. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record WorkerCapacity(
    @JsonPropertyDescription("Virtual CPUs.") @Min(0) int cpu,
    @JsonPropertyDescription("Memory in MiB.") @Min(0) long memoryMib) {}
