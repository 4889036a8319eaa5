package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** The one boot of the one VM on the one worker in which a command may run. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Binding(
    @JsonPropertyDescription("metadata.uid of the VM.") @Required @Size(min = 1, max = 128)
        String vmUID,
    @JsonPropertyDescription("status.workerName of the VM.") @Required @Size(min = 1, max = 63)
        String workerName,
    @JsonPropertyDescription("status.bootID of the VM.") @Required @Size(min = 1, max = 128)
        String bootID) {}
