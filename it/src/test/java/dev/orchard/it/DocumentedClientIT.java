package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the program of docs/client.md, which prints what the page says. */
class DocumentedClientIT {
  private static final Path PAGE = Path.of("..", "docs", "client.md");
  private static final Pattern EXAMPLE =
      Pattern.compile("(?ms)^```java\n(.*?)^```\n\n```\n(.*?)^```$");

  @Test
  void printsWhatThePageSays(@TempDir Path folder) throws Exception {
    Matcher example = EXAMPLE.matcher(Files.readString(PAGE));
    assertThat(example.find()).isTrue();
    DevSystem system = DevSystem.with(RuntimeChoice.PROCESS);
    String vm = "documented-client";
    new ExecClient(system).createVm(vm);
    Path source = Files.writeString(folder.resolve("Example.java"), example.group(1));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            source.toString(),
            vm);
    builder.environment().put("URL", system.url().toString());
    builder.environment().put("TOKEN", system.token());
    builder.environment().put("CA", system.certificateAuthority().toString());
    Process program = builder.redirectErrorStream(true).start();
    program.getOutputStream().close();
    String said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(program.waitFor()).as(said).isZero();
    assertThat(said).isEqualTo(example.group(2));
  }
}
