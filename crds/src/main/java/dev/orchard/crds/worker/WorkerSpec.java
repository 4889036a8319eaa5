package dev.orchard.crds.worker;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;

/** What an administrator wants of a worker. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record WorkerSpec(
    @JsonPropertyDescription("Place no further VMs here. What runs goes on.") @Default("false")
        boolean unschedulable) {}
