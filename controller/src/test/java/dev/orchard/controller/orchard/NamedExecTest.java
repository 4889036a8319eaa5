package dev.orchard.controller.orchard;

import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.FakeWorker.Stream;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.exec.frame.Frame;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.DisconnectPolicy;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.Instruction;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Orchard's exec WebSocket with a session that clients leave and join. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NamedExecTest {
  private static final String EXEC = "/v1/vms/vm-a/exec?session=";

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture = Fixture.start(folder);
    worker = fixture.worker("w1");
    fixture.readyVm("vm-a", worker);
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  /** A session that runs, its first client and the worker's end of that. */
  private record Running(String id, ExecSpec spec, OrchardSocket socket, Stream stream) {}

  private Running run(String id, String options) throws Exception {
    CompletableFuture<OrchardSocket> opening =
        OrchardSocket.opening(fixture, EXEC + id + "&command=top" + options, TestApi.ALICE);
    Instruction start = worker.takeStart();
    Stream stream = worker.answer(start.getStartExec().getAttachment());
    stream.send(started("s"));
    return new Running(
        id, start.getStartExec().getSpec(), opening.get(10, TimeUnit.SECONDS), stream);
  }

  /** A client that has joined, and the worker's end of what it is sent live. */
  private record Joined(OrchardSocket socket, Stream live) {}

  /**
   * @param end of the log when it joins
   */
  private Joined join(Running running, String options, long end) throws Exception {
    CompletableFuture<OrchardSocket> opening =
        OrchardSocket.opening(fixture, EXEC + running.id + options, TestApi.ALICE);
    Attachment first = takeAttachment();
    assertThat(first.getFrom()).isEqualTo(Long.MAX_VALUE);
    worker
        .answer(first)
        .send(started("s"))
        .send(Frame.Failure.aheadOfLog(first.getFrom(), end))
        .complete();
    Attachment second = takeAttachment();
    assertThat(second.getFrom()).isEqualTo(end);
    Stream live = worker.answer(second).send(started("s"));
    return new Joined(opening.get(10, TimeUnit.SECONDS), live);
  }

  private Attachment takeAttachment() throws InterruptedException {
    Instruction next = worker.take(FakeWorker::attaches);
    return next.hasAttach() ? next.getAttach() : next.getStartExec().getAttachment();
  }

  private VMExec object(Running running) {
    return fixture
        .kubernetes
        .resources(VMExec.class)
        .inNamespace("default")
        .withName(running.spec.getName())
        .get();
  }

  private void finish(Running running, long stdoutBytes) {
    worker.report(
        ExecReport.newBuilder()
            .setUid(running.spec.getUid())
            .setRevision(9)
            .setState(ExecState.EXEC_FINISHED)
            .setStartTimeMs(1)
            .setCompletionTimeMs(2)
            .setStdoutBytes(stdoutBytes)
            .setExit(dev.orchard.exec.frame.ProtoFrames.encode(exited(3, stdoutBytes)).getExit())
            .build());
    Awaitility.await().until(() -> object(running).statusOrEmpty().ended());
    // The replica's own view is a little late.
    Awaitility.await()
        .until(() ->
            fixture
                .get("/v1/vms/vm-a/execs?state=Failed", TestApi.ALICE)
                .body()
                .contains(running.spec.getName()));
  }

  @Test
  void isAnObjectOfItsOwnNameThatOutlivesItsClients() throws Exception {
    Running running = run("outlives%2Fit", "&env%5BA%5D=b");
    assertThat(running.spec.getName()).matches("x-[0-9a-f]{32}");
    assertThat(running.spec.getDisconnectPolicy()).isEqualTo(DisconnectPolicy.DETACH);
    assertThat(object(running).getSpec().ttlSecondsAfterFinished()).isEqualTo(600);

    running.socket.close();

    assertThat(running.stream.over().isOk()).isTrue();
    assertThat(worker.has(Instruction::hasCancelExec)).isFalse();
  }

  @Test
  void marksEveryMessageWithTheOffsetBehindItAndStaysOpenBehindTheExit() throws Exception {
    Running running = run("marks", "");
    running.stream.send(stdout(0, "ab")).send(stdout(2, "c")).send(exited(7, 3));

    assertThat(running.socket.take().path("watermark").asLong()).isEqualTo(2);
    assertThat(running.socket.take().path("watermark").asLong()).isEqualTo(3);
    assertThat(running.socket.take().toString())
        .isEqualTo("{\"type\":\"exit\",\"exit\":{\"code\":7},\"watermark\":4}");

    running.socket.say("{\"type\":\"history\",\"watermark\":0}");
    assertThat(running.socket.take().toString())
        .isEqualTo("{\"type\":\"no_more_history\",\"watermark\":4}");
    assertThat(running.socket.isOpen()).isTrue();
    running.socket.close();
  }

  @Test
  void joinsAtTheEndAndReplaysOnDemandEvenBehindLiveOutput() throws Exception {
    Running running = run("joins", "");
    running.stream.send(stdout(0, "old"));
    assertThat(OrchardSocket.text(running.socket.take())).isEqualTo("old");
    Joined joined = join(running, "", 3);
    joined.live.send(stdout(3, "new"));
    assertThat(OrchardSocket.text(joined.socket.take())).isEqualTo("new");

    joined.socket.say("{\"type\":\"history\",\"watermark\":1}");
    Attachment past = takeAttachment();
    assertThat(past.getFrom()).isEqualTo(1);
    assertThat(past.getUntilNow()).isTrue();
    // Cut where the live output has begun.
    Stream replay = worker.answer(past).send(started("s")).send(stdout(1, "ldnew"));
    replay.complete();
    assertThat(joined.socket.take().toString())
        .isEqualTo("{\"type\":\"stdout\",\"data\":\"bGQ=\",\"watermark\":3}");
    assertThat(joined.socket.take().toString())
        .isEqualTo("{\"type\":\"no_more_history\",\"watermark\":6}");

    joined.socket.say("{\"type\":\"history\",\"watermark\":2}");
    assertThat(joined.socket.take().path("type").asText()).isEqualTo("no_more_history");

    joined.live.send(stdout(6, "!"));
    assertThat(joined.socket.take().path("watermark").asLong()).isEqualTo(7);
    joined.socket.close();
    running.socket.close();
  }

  @Test
  void replaysTheExitToWhoComesLater() throws Exception {
    Running running = run("later", "");
    running.stream.send(stdout(0, "all")).send(exited(3, 3));
    finish(running, 3);
    running.socket.close();

    OrchardSocket late =
        OrchardSocket.opening(fixture, EXEC + running.id, TestApi.ALICE).get(10, TimeUnit.SECONDS);
    late.say("{\"type\":\"ack\",\"watermark\":1}");
    late.say("{\"type\":\"history\"}");
    Attachment past = takeAttachment();
    assertThat(past.getFrom()).isZero();
    worker.answer(past).send(started("s")).send(stdout(0, "all")).send(exited(3, 3)).complete();
    assertThat(OrchardSocket.text(late.take())).isEqualTo("all");
    assertThat(late.take().at("/exit/code").asInt()).isEqualTo(3);
    assertThat(late.take().toString()).isEqualTo("{\"type\":\"no_more_history\",\"watermark\":4}");
    late.close();
  }

  @Test
  void takesInputOfAllItsClientsInOneOrder() throws Exception {
    Running running = run("typed", "&interactive=true");
    Joined joined = join(running, "", 0);
    running.socket.stdin("one");
    Attachment writer = takeAttachment();
    assertThat(writer.getWriter()).isTrue();
    assertThat(writer.getTakeover()).isTrue();
    assertThat(writer.getOutput()).isFalse();
    Stream input = worker.answer(writer).send(new Frame.Ack(0));
    assertThat(input.take()).isEqualTo(new Frame.Stdin(0, ByteString.copyFromUtf8("one"), false));

    joined.socket.stdin("two");
    assertThat(input.take()).isEqualTo(new Frame.Stdin(3, ByteString.copyFromUtf8("two"), false));

    // The worker's stream breaks: what it has not taken comes again, and nothing twice.
    input.cut();
    Awaitility.await().until(input::isOver);
    running.socket.say("{\"type\":\"stdin\",\"data\":\"\"}");
    Stream again = worker.answer(takeAttachment()).send(new Frame.Ack(3));
    assertThat(again.take()).isEqualTo(new Frame.Stdin(3, ByteString.copyFromUtf8("two"), false));
    assertThat(again.take()).isEqualTo(new Frame.Stdin(6, ByteString.EMPTY, true));

    // Behind its end there is no more, for that client and its connection alone.
    Awaitility.await()
        .until(() -> {
          if (joined.socket.isOpen()) {
            joined.socket.stdin("x");
          }
          return !joined.socket.isOpen();
        });
    assertThat(running.socket.isOpen()).isTrue();
    running.socket.close();
  }

  @Test
  void passesASizeOnBesideWhoeverWrites() throws Exception {
    Running running = run("sized", "&tty=true");
    running.socket.say("{\"type\":\"resize\",\"terminal\":{\"rows\":5,\"cols\":6}}");
    Attachment pass = takeAttachment();
    assertThat(pass.getWriter()).isFalse();
    assertThat(pass.getOutput()).isFalse();
    Stream stream = worker.answer(pass);
    assertThat(stream.take()).isEqualTo(new Frame.Resize(5, 6));
    stream.complete();
    running.socket.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"detach\"}",
        "{\"type\":\"stdin\",\"data\":\"YQ==\"}",
        "{\"type\":\"history\",\"watermark\":-1}",
        "{\"type\":\"history\",\"watermark\":\"a\"}",
        "nonsense"
      })
  void cutsOffTheClientAloneThatLeavesOrSaysWhatItMayNot(String message) throws Exception {
    Running running = run("cut" + message.hashCode(), "");
    Joined joined = join(running, "", 0);

    joined.socket.say(message);

    assertThat(joined.socket.closeCode()).isEqualTo(1006);
    running.stream.send(stdout(0, "on"));
    assertThat(OrchardSocket.text(running.socket.take())).isEqualTo("on");
    running.socket.close();
  }

  @Test
  void endsForEverybodyWhenAClientClosesIt() throws Exception {
    Running running = run("closed", "");
    Joined joined = join(running, "", 0);

    joined.socket.say("{\"type\":\"close\"}");

    assertThat(worker.take(Instruction::hasCancelExec).getCancelExec().getUid())
        .isEqualTo(running.spec.getUid());
    assertThat(joined.socket.closeCode()).isEqualTo(1000);
    assertThat(running.socket.closeCode()).isEqualTo(1000);
    assertThat(object(running)).isNull();
    Awaitility.await()
        .until(
            () -> OrchardSocket.refusal(fixture, EXEC + running.id, TestApi.ALICE).equals("404"));
  }

  @Test
  void tellsItsClientsToComeAgainWhenTheWorkerIsGone() throws Exception {
    Running running = run("broken", "");

    running.stream.cut();

    assertThat(running.socket.closeCode()).isEqualTo(1011);
    assertThat(running.socket.hasMessage()).isFalse();
  }

  @Test
  void joinsWithTheSameOptionsAndRefusesOthers() throws Exception {
    Running running = run("same", "&env%5BA%5D=b&tty=1&rows=5&cols=6");
    String path = EXEC + "same&command=top";
    Joined again = join(running, "&command=top&env%5BA%5D=b&tty=1&rows=5&cols=6&wait=3", 0);
    again.socket.close();
    for (String other :
        new String[] {
          "", "&env%5BA%5D=b&tty=1&rows=5&cols=7", "&env%5BA%5D=c&tty=1&rows=5&cols=6"
        }) {
      assertThat(OrchardSocket.refusal(fixture, path + other, TestApi.ALICE)).isEqualTo("409");
    }
    assertThat(fixture.get(path, TestApi.ALICE).body())
        .contains("exec session \\\"same\\\" is already running with different options");
    // By the alias; what joins may say what it wants of the rest.
    Joined alias =
        join(
            new Running("&cmux_session_id=same", running.spec, running.socket, running.stream),
            "&tty=0&wait=0",
            0);
    alias.socket.close();
    running.socket.close();
  }

  @Test
  void needsTheRightsOfASessionBesidesThoseOfTheVm() throws Exception {
    Running running = run("mine", "");
    for (String right :
        new String[] {"create vms/exec", "get vmexecs/log", "create vmexecs/attach"}) {
      assertThat(OrchardSocket.refusal(fixture, EXEC + "mine", TestApi.BOB)).isEqualTo("403");
      fixture.api.grant(right);
    }
    CompletableFuture<OrchardSocket> opening =
        OrchardSocket.opening(fixture, EXEC + "mine", TestApi.BOB);
    worker.answer(takeAttachment()).send(started("s"));
    opening.get(10, TimeUnit.SECONDS).close();
    running.socket.close();
  }
}
