package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** One variable of a command's environment, beside those that the guest gives to everybody. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record EnvVar(
    @JsonPropertyDescription("Name, as a shell takes it.")
        @Required
        @Size(max = 256)
        @Pattern("^[A-Za-z_][A-Za-z0-9_]*$")
        String name,
    @JsonPropertyDescription("Taken as it is: nothing in it is expanded.")
        @Required
        @Size(max = 131072)
        @Pattern("^[^\\x00]*$")
        String value) {}
