package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** The size of a command's terminal when it starts, in characters. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Tty(
    @JsonPropertyDescription("Lines.") @Default("" + Tty.DEFAULT_ROWS) @Min(1) @Max(65535)
        Integer rows,
    @JsonPropertyDescription("Characters in a line.")
        @Default("" + Tty.DEFAULT_COLS)
        @Min(1)
        @Max(65535)
        Integer cols) {
  public static final int DEFAULT_ROWS = 24;
  public static final int DEFAULT_COLS = 80;

  public Tty {
    rows = rows == null ? DEFAULT_ROWS : rows;
    cols = cols == null ? DEFAULT_COLS : cols;
  }
}
