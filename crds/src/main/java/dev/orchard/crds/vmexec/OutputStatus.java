package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/** How much a command has printed, as of its end. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record OutputStatus(
    @JsonPropertyDescription("Bytes of stdout.") @Min(0) long stdoutBytes,
    @JsonPropertyDescription("Bytes of stderr.") @Min(0) long stderrBytes,
    @JsonPropertyDescription("Offset of the first byte that the worker still has.") @Min(0)
        long firstAvailableOffset,
    @JsonPropertyDescription("The last spec.output.tailBytes of it, as UTF-8.") @Size(max = 16384)
        @Nullable String tail) {}
