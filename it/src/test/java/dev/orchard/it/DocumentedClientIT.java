package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.client.ExecRequest;
import dev.orchard.client.ExecSession;
import dev.orchard.client.OrchardClient;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.SessionListener;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.session.Outcome;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client library: the program of docs/client.md prints what the page says. */
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

  @Test
  void runsACommandWithItsVariablesForNoLongerThanItMay() throws Exception {
    DevSystem system = DevSystem.with(RuntimeChoice.PROCESS);
    String vm = "limited-client";
    new ExecClient(system).createVm(vm);
    ExecRequest request =
        ExecRequest.of("sh", "-c", "echo \"$WORD\"; exec sleep 600")
            .withEnv(Map.of("WORD", "two words"))
            .withTimeout(Duration.ofSeconds(5));
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (OrchardClient client =
            OrchardClient.builder()
                .servers(system.url())
                .token(system::token)
                .ca(system.certificateAuthority())
                .build();
        ExecSession session =
            client.exec(
                new SessionAddress("default", vm, "limited"),
                request,
                SessionListener.writing(output, output))) {
      assertThat(session.await())
          .isInstanceOfSatisfying(
              Outcome.Known.class,
              known -> assertThat(known.exit().reason()).isEqualTo(ExitReason.TIMED_OUT));
    }
    assertThat(output).hasToString("two words\n");
  }
}
