package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Runs what docs/api.md shows, one example after the other in one shell's environment, and compares
 * what is printed with what the page says; {@code …} there stands for anything.
 */
class DocumentedExamplesIT {
  private static final Path PAGE = Path.of("..", "docs", "api.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```\n(\\$ .*?)^```$");

  /** What is new in each run, and what stands for it on both sides. */
  private static final Map<Pattern, String> VOLATILE = new LinkedHashMap<>();

  static {
    VOLATILE.put(
        Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID");
    VOLATILE.put(Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z"), "TIME");
    VOLATILE.put(
        Pattern.compile("\"(pid|durationMs|version|generation|observedGeneration)\":\\d+"),
        "\"$1\":N");
  }

  private record Example(String command, String output) {}

  @Test
  void printWhatThePageSays() throws Exception {
    DevSystem system = DevSystem.with(RuntimeChoice.PROCESS);
    new ExecClient(system).createVm("hello");
    List<Example> examples = examples();
    assertThat(examples).hasSizeGreaterThan(3);
    for (Example example : examples) {
      assertThat(normal(run(system, example.command)))
          .as(example.command)
          .matches(pattern(normal(example.output)));
    }
  }

  private static List<Example> examples() throws IOException {
    List<Example> examples = new ArrayList<>();
    Matcher block = BLOCK.matcher(Files.readString(PAGE));
    while (block.find()) {
      for (String part : block.group(1).split("(?m)^\\$ ", -1)) {
        if (!part.isBlank()) {
          int end = part.indexOf('\n');
          examples.add(new Example(part.substring(0, end), part.substring(end + 1)));
        }
      }
    }
    return examples;
  }

  private static String run(DevSystem system, String command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("bash", "-c", command);
    builder.environment().put("URL", system.url().toString());
    builder.environment().put("TOKEN", system.token());
    builder.environment().put("CURL_CA_BUNDLE", system.certificateAuthority().toString());
    // What curl says of its progress is no part of an example.
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }

  /** Without white space, which the page uses to break long lines, and without what is volatile. */
  private static String normal(String text) {
    String normal = text.replaceAll("\\s+", "");
    for (Map.Entry<Pattern, String> rule : VOLATILE.entrySet()) {
      normal = rule.getKey().matcher(normal).replaceAll(rule.getValue());
    }
    return normal;
  }

  private static String pattern(String expected) {
    StringBuilder pattern = new StringBuilder();
    for (String part : expected.split("…", -1)) {
      pattern.append(pattern.isEmpty() ? "" : ".*?").append(Pattern.quote(part));
    }
    return pattern.toString();
  }
}
