package dev.orchard.crds.vm;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who answers inside the VM, as its worker found it. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record VMGuest(
    @JsonPropertyDescription("Kind of agent: orchard.") @Size(max = 64) @Nullable String agent,
    @JsonPropertyDescription("Minted by the agent at its start.") @Size(max = 128)
        @Nullable String instance,
    @JsonPropertyDescription("Version of the agent.") @Size(max = 128) @Nullable String version,
    @JsonPropertyDescription("Operating system of the guest.") @Size(max = 128) @Nullable String os,
    @JsonPropertyDescription("What the agent can do.") @Size(max = 64)
        List<@Size(max = 64) String> capabilities) {
  public VMGuest {
    capabilities = capabilities == null ? List.of() : List.copyOf(capabilities);
  }
}
