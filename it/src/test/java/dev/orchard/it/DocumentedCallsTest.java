package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The table at the end of docs/api.md: each row names tests that there are, and whatever status of
 * whatever call the OpenAPI document has of its own is in some row.
 */
class DocumentedCallsTest {
  private static final Path PAGE = Path.of("..", "docs", "api.md");
  private static final Path DOCUMENT =
      Path.of("..", "controller", "src/main/resources/dev/orchard/controller/web/openapi.yaml");
  private static final String TABLE = "## Every call, and the test that proves it";
  private static final Pattern TEST = Pattern.compile("`([A-Z]\\w+)\\.(\\w+)`");

  @Test
  void areProvenByTestsThatExist() throws IOException {
    Map<String, String> sources = testSources();
    List<String> rows = rows();
    assertThat(rows).hasSizeGreaterThan(30);
    assertThat(rows)
        .allSatisfy(row -> {
          Matcher test = TEST.matcher(row);
          assertThat(test.find()).as("names a test").isTrue();
          test.reset();
          while (test.find()) {
            assertThat(sources.getOrDefault(test.group(1), ""))
                .as("source of %s", test.group(1))
                .containsPattern("\\bvoid " + test.group(2) + "\\(");
          }
        });
  }

  @Test
  void areThoseOfTheOpenApiDocument() throws IOException {
    List<String> rows = rows();
    JsonNode paths = new YAMLMapper().readTree(DOCUMENT.toFile()).path("paths");
    assertThat(paths.size()).isGreaterThan(20);
    List<String> missing = new ArrayList<>();
    for (var path : paths.properties()) {
      for (var operation : path.getValue().properties()) {
        String call =
            "| `%s %s` |".formatted(operation.getKey().toUpperCase(Locale.ROOT), path.getKey());
        for (var response : operation.getValue().path("responses").properties()) {
          if (rows.stream().noneMatch(row -> tells(row, call, response.getKey()))) {
            missing.add(call + " " + response.getKey());
          }
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  /** Whether the row is about this status, of this call or of all calls. */
  private static boolean tells(String row, String call, String status) {
    String[] cells = row.split("\\|", -1);
    return (row.startsWith(call) || row.startsWith("| `* /v1/…` |"))
        && List.of(cells[2].strip().split(", ")).contains(status);
  }

  private static List<String> rows() throws IOException {
    String page = Files.readString(PAGE);
    assertThat(page).contains(TABLE);
    return page.substring(page.indexOf(TABLE))
        .lines()
        .filter(line -> line.startsWith("| `"))
        .toList();
  }

  private static Map<String, String> testSources() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      return files
          .filter(file -> file.toString().contains("src/test/java"))
          .filter(file -> file.toString().endsWith(".java"))
          .collect(
              Collectors.toMap(
                  file -> file.getFileName().toString().replace(".java", ""),
                  DocumentedCallsTest::read,
                  (one, other) -> one + other));
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
