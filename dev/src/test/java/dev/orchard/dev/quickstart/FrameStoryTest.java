package dev.orchard.dev.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class FrameStoryTest {
  private final ByteArrayOutputStream told = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong(5_000_000_000L);

  @Test
  void tellsEachFrameWithTheTimeOfItsEnd() throws Exception {
    FrameStory story =
        new FrameStory(new PrintStream(told, true, StandardCharsets.UTF_8), nanos::get);

    nanos.addAndGet(12_000_000);
    write(story, "{\"event\":\"started\",\"session\":\"hello-x\",\"pid\":7,\"bootID\":\"b\"}\n");
    write(story, "{\"event\":\"stdout\",\"data\":\"aGkiCg==\",");
    nanos.addAndGet(3_000_000);
    write(story, "\"offset\":0}\n{\"event\":\"exit\",\"code\":0,\"reason\":\"Exited\"");
    write(story, ",\"stdoutBytes\":4,\"stderrBytes\":0,\"durationMs\":2}\n");

    assertThat(told.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
              +0.012 s  started  pid=7 bootID=b session=hello-x
              +0.015 s  stdout   offset=0 "hi\\"\\n"
              +0.015 s  exit     code=0 reason=Exited stdoutBytes=4 stderrBytes=0 durationMs=2
            """);
  }

  private static void write(FrameStory story, String text) throws Exception {
    story.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
