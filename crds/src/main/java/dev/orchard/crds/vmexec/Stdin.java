package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;

/** A command's standard input. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Stdin(
    @JsonPropertyDescription("None: empty. Attach: from whoever attaches as writer.")
        @Default("None")
        StdinType type) {
  /** Empty. */
  public static final Stdin NONE = new Stdin(StdinType.NONE);

  /** From whoever attaches as writer. */
  public static final Stdin ATTACH = new Stdin(StdinType.ATTACH);

  public Stdin {
    type = type == null ? StdinType.NONE : type;
  }
}
