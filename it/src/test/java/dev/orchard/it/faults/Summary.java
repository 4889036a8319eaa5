package dev.orchard.it.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a case found, in one line for people that also becomes a row of {@code
 * target/faults/summary.md}. Written before anything is asserted: a failure has its figures too.
 */
final class Summary {
  /** Of everything that the cases leave behind; Failsafe runs in the module's folder. */
  static final Path FOLDER = Path.of("target", "faults").toAbsolutePath();

  private static final String HEAD = "| case | what | figures |\n|---|---|---|\n";

  private final String number;
  private final String what;
  private final List<String> figures = new ArrayList<>();
  private final long began = System.nanoTime();

  /**
   * Begins to count the time.
   *
   * @param number such as {@code F1}
   * @param what is done, in some words
   */
  Summary(String number, String what) {
    this.number = number;
    this.what = what;
  }

  Summary with(String figure, Object value) {
    figures.add(figure + " " + value);
    return this;
  }

  void write() {
    with("seed", FaultSizes.seed());
    with("took", Duration.ofNanos(System.nanoTime() - began).toSeconds() + " s");
    System.out.printf("%s %s: %s%n", number, what, String.join(", ", figures));
    Path file = FOLDER.resolve("summary.md");
    try {
      Files.createDirectories(FOLDER);
      String row = "| %s | %s | %s |%n".formatted(number, what, String.join(", ", figures));
      Files.writeString(
          file,
          Files.exists(file) ? row : HEAD + row,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
