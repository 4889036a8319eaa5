package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.events;
import static dev.orchard.controller.Fixture.lines;
import static dev.orchard.controller.Fixture.started;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Instruction;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A body has a regular end behind exit or error alone. */
class RegularEndTest {
  private static final String BODY = "{\"command\":[\"/bin/true\"],\"name\":\"%s\"}";

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

  private Fixture.Following running(String name) throws Exception {
    Fixture.Following following = fixture.start("hello", BODY.formatted(name));
    worker.answer(worker.takeStart().getStartExec().getAttachment()).send(started(name));
    assertThat(following.headers().statusCode()).isEqualTo(200);
    return following;
  }

  private Attachment attachment() throws InterruptedException {
    Instruction instruction = worker.take(FakeWorker::attaches);
    return instruction.hasAttach()
        ? instruction.getAttach()
        : instruction.getStartExec().getAttachment();
  }

  @Test
  void tellsEveryReaderThatTheReplicaGoesAway() throws Exception {
    Fixture.Following starting = running("posted");
    Fixture.Following reading =
        fixture.follow(fixture.request("/v1/vms/hello/exec/posted", TestApi.ALICE).GET());
    worker.answer(attachment()).send(started("posted"));
    assertThat(reading.headers().statusCode()).isEqualTo(200);
    CompletableFuture<Object> opening =
        CompletableFuture.supplyAsync(
            () -> TestSocket.open(fixture, "/v1/vms/hello/exec/posted", TestApi.ALICE));
    worker.answer(attachment()).send(started("posted"));
    TestSocket socket = (TestSocket) opening.get(10, TimeUnit.SECONDS);
    assertThat(socket.take().path("event").asText()).isEqualTo("started");

    fixture.controller.close();

    for (Fixture.Following body : new Fixture.Following[] {starting, reading}) {
      String frames = body.body();
      assertThat(events(frames)).endsWith("error");
      assertThat(lines(frames).getLast().path("code").asText()).isEqualTo("Draining");
    }
    assertThat(socket.take().path("code").asText()).isEqualTo("Draining");
    assertThat(socket.closeCode()).isEqualTo(1011);
    assertThat(worker.take(Instruction::hasDraining)).isNotNull();
  }

  @Test
  void endsWithAnErrorWhenItsWorkerVanishes() throws Exception {
    Fixture.Following following = running("vanishing");

    worker.close();

    assertThat(events(following.body())).containsExactly("started", "error");
  }

  @Test
  void endsWithAnErrorWhenTheWorkerEndsTheStreamBeforeTheSession() throws Exception {
    Fixture.Following following = fixture.start("hello", BODY.formatted("short"));
    worker
        .answer(worker.takeStart().getStartExec().getAttachment())
        .send(started("short"))
        .complete();

    assertThat(events(following.body())).containsExactly("started", "error");
  }

  @Test
  void endsWithAnErrorWhenTheWorkerSendsWhatIsNoFrameOfASession() throws Exception {
    Fixture.Following following = fixture.start("hello", BODY.formatted("odd"));
    FakeWorker.Stream stream =
        worker
            .answer(worker.takeStart().getStartExec().getAttachment())
            .send(started("odd"))
            .send(new Frame.Output(StdStream.STDOUT, 0, ByteString.copyFromUtf8("x")));
    stream.raw(dev.orchard.proto.worker.v1.WorkerFrame.getDefaultInstance());

    assertThat(events(following.body())).endsWith("error");
  }
}
