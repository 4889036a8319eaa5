package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** How much of a command's output is kept, and where. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record OutputSpec(
    @JsonPropertyDescription("Bytes that the worker keeps of stdout and stderr together.")
        @Default("" + OutputSpec.DEFAULT_LIMIT)
        @Min(1048576)
        @Max(1099511627776L)
        Long limit,
    @JsonPropertyDescription(
            "When so much is kept and nobody reads: DropOldest forgets the oldest, Block makes the"
                + " process wait, Terminate ends it with reason OutputLimit.")
        @Default("DropOldest")
        OnLimit onLimit,
    @JsonPropertyDescription(
            "Bytes of the output's end to copy into status.output.tail, where everybody who may"
                + " read the object sees them.")
        @Default("0")
        @Min(0)
        @Max(16384)
        Integer tailBytes) {
  /** 64 MiB. */
  public static final long DEFAULT_LIMIT = 67108864;

  public static final OutputSpec DEFAULT = new OutputSpec(DEFAULT_LIMIT, OnLimit.DROP_OLDEST, 0);

  public OutputSpec {
    limit = limit == null ? DEFAULT_LIMIT : limit;
    onLimit = onLimit == null ? OnLimit.DROP_OLDEST : onLimit;
    tailBytes = tailBytes == null ? 0 : tailBytes;
  }
}
