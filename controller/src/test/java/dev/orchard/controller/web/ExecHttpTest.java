package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.events;
import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.lines;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.proto.worker.v1.StartExec;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecHttpTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path folder;

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @BeforeEach
  void start() throws Exception {
    fixture = Fixture.start(folder);
    worker = fixture.worker("w1");
    fixture.readyVm("hello", worker);
  }

  @AfterEach
  void stop() {
    worker.close();
    fixture.close();
  }

  @Test
  void streamsACommandFromStartedToExit() throws Exception {
    Fixture.Following following = fixture.start("hello", "{\"command\":[\"/bin/echo\",\"hi\"]}");
    StartExec start = worker.takeStart().getStartExec();
    assertThat(start.getSpec().getCommandList()).containsExactly("/bin/echo", "hi");
    FakeWorker.Stream stream = worker.answer(start.getAttachment());
    stream.send(started(start.getSpec().getName())).send(stdout(0, "hi\n")).send(exited(0, 3));

    String body = following.body();

    assertThat(events(body)).containsExactly("started", "stdout", "exit");
    assertThat(lines(body).get(1).path("data").asText()).isEqualTo("aGkK");
    assertThat(following.headers().statusCode()).isEqualTo(200);
    assertThat(following.headers().headers().firstValue("Content-Type"))
        .contains("application/x-ndjson");
    assertThat(following.headers().headers().firstValue("Location"))
        .contains("/v1/vms/hello/exec/" + start.getSpec().getName());
    assertThat(stream.over().isOk()).isTrue();
  }
}
