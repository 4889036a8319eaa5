package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.events;
import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.json;
import static dev.orchard.controller.Fixture.lines;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.Conditions;
import dev.orchard.crds.vmexec.DisconnectPolicy;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.worker.Worker;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.StartExec;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
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

  @Test
  void sendsTextWhereItIsAskedFor() throws Exception {
    Fixture.Following following = startAt("/v1/vms/hello/exec?text=true", ECHO);
    answerStart().send(started("x")).send(stdout(0, "grüß\n")).send(exited(0, 7));

    assertThat(lines(following.body()).get(1).path("text").asText()).isEqualTo("grüß\n");
  }

  @Test
  void answersACommandThatCannotStartWithItsExitAlone() throws Exception {
    Fixture.Following following = fixture.start("hello", ECHO);
    answerStart().send(Fixture.notStarted(127, "no such file"));

    JsonNode exit = lines(following.body()).getFirst();
    assertThat(following.headers().statusCode()).isEqualTo(200);
    assertThat(exit.path("reason").asText()).isEqualTo("StartFailed");
    assertThat(exit.path("code").asInt()).isEqualTo(127);
  }

  @Test
  void createsTheObjectWithTheCallersTokenBeforeItDispatches() throws Exception {
    Fixture.Following following =
        fixture.start("hello", "{\"command\":[\"/bin/true\"],\"name\":\"s1\"}");
    StartExec start = worker.takeStart().getStartExec();

    VMExec exec = fixture.exec("s1");
    assertThat(start.getSpec().getUid()).isEqualTo(exec.getMetadata().getUid());
    assertThat(exec.getSpec().target()).isNotNull();
    assertThat(exec.getSpec().requestedBy()).isNull();
    assertThat(exec.getSpec().ttlSecondsAfterFinished()).isEqualTo(86_400);
    assertThat(exec.getSpec().disconnectPolicy()).isEqualTo(DisconnectPolicy.TERMINATE);
    assertThat(exec.getMetadata().getAnnotations()).containsKey("orchard.dev/spec-digest");
    worker.answer(start.getAttachment()).send(exited(0, 0));
    assertThat(following.body()).contains("exit");
  }

  @Test
  void writesInlineStdinOnTheSameAttachmentAndThenEof() throws Exception {
    String body = "{\"command\":[\"/bin/cat\"],\"stdin\":\"%s\"}".formatted("x".repeat(30_000));
    Fixture.Following following = fixture.start("hello", body);
    StartExec start = worker.takeStart().getStartExec();
    assertThat(start.getSpec().getStdin()).isTrue();
    assertThat(start.getAttachment().getWriter()).isTrue();
    FakeWorker.Stream stream = worker.answer(start.getAttachment());

    assertThat(stream.take())
        .isInstanceOfSatisfying(
            Frame.Stdin.class,
            f -> {
              assertThat(f.offset()).isZero();
              assertThat(f.data().size()).isEqualTo(24_000);
            });
    assertThat(stream.take())
        .isInstanceOfSatisfying(
            Frame.Stdin.class,
            f -> {
              assertThat(f.offset()).isEqualTo(24_000);
              assertThat(f.data().size()).isEqualTo(6_000);
            });
    assertThat(stream.take()).isEqualTo(new Frame.Stdin(30_000, ByteString.EMPTY, true));
    stream.send(exited(0, 0));
    assertThat(events(following.body())).containsExactly("exit");
  }

  @Test
  void startsWithoutAReaderWhereTheCallerPrefersThat() throws Exception {
    HttpResponse<String> response =
        fixture.send(
            fixture
                .request("/v1/vms/hello/exec", TestApi.ALICE)
                .header("Prefer", "respond-async")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"command\":[\"/bin/sleep\",\"9\"],\"name\":\"later\"}")));

    assertThat(response.statusCode()).isEqualTo(201);
    assertThat(response.headers().firstValue("Location")).contains("/v1/vms/hello/exec/later");
    assertThat(json(response).path("session").asText()).isEqualTo("later");
    assertThat(json(response).path("disconnectPolicy").asText()).isEqualTo("Detach");
    assertThat(worker.takeStart().getStartExec().hasAttachment()).isFalse();
  }

  @Test
  void sendsInlineStdinOfAnUnreadStartByAWriterOfItsOwn() throws Exception {
    Fixture.Following following =
        fixture.follow(
            fixture
                .request("/v1/vms/hello/exec", TestApi.ALICE)
                .header("Prefer", "respond-async")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"command\":[\"/bin/cat\"],\"stdinBase64\":\"aGk=\"}")));
    StartExec start = worker.takeStart().getStartExec();
    assertThat(start.getAttachment().getOutput()).isFalse();
    FakeWorker.Stream stream = worker.answer(start.getAttachment());

    assertThat(stream.take()).isEqualTo(new Frame.Stdin(0, ByteString.copyFromUtf8("hi"), false));
    assertThat(stream.take()).isEqualTo(new Frame.Stdin(2, ByteString.EMPTY, true));
    stream.send(new Frame.Ack(2));
    assertThat(stream.over().isOk()).isTrue();
    assertThat(following.headers().statusCode()).isEqualTo(201);
  }

  @Test
  void takesTheSameNameAndCommandForTheSameSession() throws Exception {
    String body = "{\"command\":[\"/bin/true\"],\"name\":\"once\"}";
    Fixture.Following first = fixture.start("hello", body);
    StartExec start = worker.takeStart().getStartExec();
    worker.answer(start.getAttachment()).send(started("once")).send(exited(0, 0));
    assertThat(events(first.body())).containsExactly("started", "exit");

    Fixture.Following second = fixture.start("hello", body);
    StartExec again = worker.takeStart().getStartExec();
    assertThat(again.getSpec().getUid()).isEqualTo(start.getSpec().getUid());
    worker.answer(again.getAttachment()).send(started("once")).send(exited(0, 0));
    assertThat(events(second.body())).containsExactly("started", "exit");

    HttpResponse<String> other =
        fixture.post(
            "/v1/vms/hello/exec",
            TestApi.ALICE,
            "{\"command\":[\"/bin/false\"],\"name\":\"once\"}");
    assertThat(other.statusCode()).isEqualTo(409);
    assertThat(json(other).path("type").asText()).endsWith(":name-taken");
  }

  @Test
  void refusesAWorkersRefusalWithItsStatus() throws Exception {
    Fixture.Following following = fixture.start("hello", ECHO);
    answerStart().send(new Frame.Failure(ErrorCode.LIMIT_EXCEEDED, "the disk is full"));

    assertThat(following.headers().statusCode()).isEqualTo(507);
    assertThat(following.body()).contains("the disk is full");
  }

  @Test
  void startsNothingOnAWorkerWithoutRoom() throws Exception {
    worker.register(true, "3 MiB of the disk are free");
    await()
        .until(() ->
            Conditions.isTrue(
                fixture
                    .kubernetes
                    .resources(Worker.class)
                    .withName("w1")
                    .get()
                    .statusOrEmpty()
                    .conditions(),
                "DiskPressure"));

    HttpResponse<String> refused = fixture.post("/v1/vms/hello/exec", TestApi.ALICE, ECHO);
    assertThat(refused.statusCode()).isEqualTo(507);
    assertThat(refused.body()).contains("insufficient-storage", "3 MiB of the disk are free");
    assertThat(fixture.kubernetes.resources(VMExec.class).inAnyNamespace().list().getItems())
        .isEmpty();

    worker.register(true, "");
    await()
        .until(() ->
            !Conditions.isTrue(
                fixture
                    .kubernetes
                    .resources(Worker.class)
                    .withName("w1")
                    .get()
                    .statusOrEmpty()
                    .conditions(),
                "DiskPressure"));
    Fixture.Following following = fixture.start("hello", ECHO);
    answerStart().send(started("x"));
    assertThat(following.headers().statusCode()).isEqualTo(200);
  }

  @Test
  void endsABrokenStreamWithAnErrorFrame() throws Exception {
    Fixture.Following following = fixture.start("hello", ECHO);
    FakeWorker.Stream stream = answerStart().send(started("x")).send(stdout(0, "hi"));
    BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(following.headers().body(), StandardCharsets.UTF_8));
    assertThat(lines.readLine()).contains("started");
    assertThat(lines.readLine()).contains("stdout");
    stream.cut();

    assertThat(lines.readLine()).contains("WorkerUnreachable");
    assertThat(lines.readLine()).isNull();
  }

  @Test
  void readsOnFromAnOffsetAndEndsAtTheLogsEndWithoutFollowing() throws Exception {
    startDetached("s2");

    Fixture.Following reading = getAt("/v1/vms/hello/exec/s2?from=5&follow=false");
    Attachment attachment = attachmentOf(worker.take(FakeWorker::attaches));
    assertThat(attachment.getFrom()).isEqualTo(5);
    assertThat(attachment.getUntilNow()).isTrue();
    assertThat(attachment.getWriter()).isFalse();
    assertThat(attachment.getForeground()).isFalse();
    FakeWorker.Stream stream = worker.answer(attachment);
    stream.send(started("s2")).send(stdout(5, "more")).complete();

    assertThat(events(reading.body())).containsExactly("started", "stdout");
  }

  @Test
  void showsWhatTheObjectSaysAsMetadata() throws Exception {
    StartExec start = startDetached("s3");
    report(start, ExecState.EXEC_FINISHED, exited(3, 4));
    await().until(() -> fixture.exec("s3").statusOrEmpty().ended());

    HttpResponse<String> response =
        fixture.send(
            fixture
                .request("/v1/vms/hello/exec/s3", TestApi.ALICE)
                .header("Accept", "application/json"));

    JsonNode session = json(response);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(session.path("state").asText()).isEqualTo("Failed");
    assertThat(session.path("exit").path("code").asInt()).isEqualTo(3);
    assertThat(session.path("stdoutBytes").asLong()).isEqualTo(4);
    assertThat(session.path("durationMs").asLong()).isEqualTo(1_000);
    assertThat(session.path("worker").asText()).isEqualTo("w1");
    JsonNode list = json(fixture.get("/v1/vms/hello/execs?state=Failed", TestApi.ALICE));
    assertThat(list).hasSize(1);
    assertThat(json(fixture.get("/v1/vms/hello/execs?state=Running", TestApi.ALICE))).isEmpty();
    assertThat(fixture.get("/v1/vms/hello/execs?state=Odd", TestApi.ALICE).statusCode())
        .isEqualTo(400);
  }

  @Test
  void tellsTheOutcomeOfASessionThatItsWorkerHasForgotten() throws Exception {
    StartExec start = startDetached("s4");
    report(start, ExecState.EXEC_FINISHED, exited(0, 4));
    await().until(() -> fixture.exec("s4").statusOrEmpty().ended());
    worker.take(Instruction::hasExecStored);

    Fixture.Following reading = getAt("/v1/vms/hello/exec/s4");
    worker
        .answer(worker.take(Instruction::hasAttach).getAttach())
        .send(new Frame.Failure(ErrorCode.SESSION_GONE, "not known"));

    String body = reading.body();
    assertThat(events(body)).containsExactly("gap", "exit");
    assertThat(lines(body).getFirst().path("to").asLong()).isEqualTo(4);
  }

  @Test
  void sendsABodyAsStdinAndAnswersWhatTheProcessHasTaken() throws Exception {
    startWithStdin("s5");
    Fixture.Following posting = postAt("/v1/vms/hello/exec/s5/stdin?offset=4&eof=true", "abc");
    Attachment attachment = attachmentOf(worker.take(FakeWorker::attaches));
    assertThat(attachment.getWriter()).isTrue();
    assertThat(attachment.getOutput()).isFalse();
    FakeWorker.Stream stream = worker.answer(attachment);
    stream.send(new Frame.Ack(4));

    assertThat(stream.take()).isEqualTo(new Frame.Stdin(4, ByteString.copyFromUtf8("abc"), false));
    assertThat(stream.take()).isEqualTo(new Frame.Stdin(7, ByteString.EMPTY, true));
    stream.send(new Frame.Ack(5)).send(new Frame.Ack(7));

    assertThat(posting.body()).isEqualTo("{\"stdinOffset\":7}");
  }

  @Test
  void goesOnWhereStdinWasTakenIfNoOffsetIsGiven() throws Exception {
    startWithStdin("s6");
    Fixture.Following posting = postAt("/v1/vms/hello/exec/s6/stdin", "abc");
    FakeWorker.Stream stream = worker.answer(attachmentOf(worker.take(FakeWorker::attaches)));
    stream.send(new Frame.Ack(10));

    assertThat(stream.take()).isEqualTo(new Frame.Stdin(10, ByteString.copyFromUtf8("abc"), false));
    stream.send(new Frame.Ack(13));
    assertThat(posting.body()).isEqualTo("{\"stdinOffset\":13}");
  }

  @Test
  void refusesStdinBehindAGapAndOfOthersThanTheWriter() throws Exception {
    startWithStdin("s7");
    Fixture.Following posting = postAt("/v1/vms/hello/exec/s7/stdin?offset=9", "abc");
    worker
        .answer(attachmentOf(worker.take(FakeWorker::attaches)))
        .send(new Frame.Ack(0))
        .send(new Frame.Failure(ErrorCode.STDIN_OFFSET_GAP, "bytes 0 to 9 are missing"));
    assertThat(posting.headers().statusCode()).isEqualTo(409);
    assertThat(posting.body()).contains("stdin-offset-gap").contains("bytes 0 to 9 are missing");

    Fixture.Following second = postAt("/v1/vms/hello/exec/s7/stdin?takeover=true", "abc");
    Attachment attachment = attachmentOf(worker.take(FakeWorker::attaches));
    assertThat(attachment.getTakeover()).isTrue();
    worker.answer(attachment).send(new Frame.Failure(ErrorCode.NOT_WRITER, "another one writes"));
    assertThat(second.headers().statusCode()).isEqualTo(409);
    assertThat(second.body()).contains("not-writer");
  }

  @Test
  void refusesStdinOfASessionThatWasStartedWithoutAny() throws Exception {
    startDetached("s8");

    HttpResponse<String> response =
        fixture.post("/v1/vms/hello/exec/s8/stdin", TestApi.ALICE, "abc");

    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(response.body()).contains("stdin-closed");
  }

  @Test
  void passesSignalsAndSizesOn() throws Exception {
    startAsync("{\"command\":[\"/bin/sh\"],\"name\":\"tty\",\"tty\":{\"rows\":5,\"cols\":6}}");
    StartExec start = worker.takeStart().getStartExec();
    assertThat(start.getSpec().getTty().getCols()).isEqualTo(6);

    Fixture.Following signal = postAt("/v1/vms/hello/exec/tty/signal", "{\"signal\":\"TERM\"}");
    Attachment attachment = attachmentOf(worker.take(FakeWorker::attaches));
    assertThat(attachment.getWriter()).isFalse();
    assertThat(attachment.getOutput()).isFalse();
    assertThat(attachment.getForeground()).isFalse();
    FakeWorker.Stream stream = worker.answer(attachment);
    assertThat(stream.take()).isEqualTo(new Frame.Signal("TERM"));
    stream.complete();
    assertThat(signal.headers().statusCode()).isEqualTo(204);

    Fixture.Following resize =
        postAt("/v1/vms/hello/exec/tty/resize", "{\"rows\":40,\"cols\":120}");
    stream = worker.answer(attachmentOf(worker.take(FakeWorker::attaches)));
    assertThat(stream.take()).isEqualTo(new Frame.Resize(40, 120));
    stream.send(new Frame.Failure(ErrorCode.SESSION_GONE, "not known"));
    assertThat(resize.headers().statusCode()).isEqualTo(404);
  }

  @Test
  void refusesSignalsAndSizesThatAreNone() throws Exception {
    startDetached("s9");

    assertThat(post("/v1/vms/hello/exec/s9/signal", "{\"signal\":\"SIGTERM\"}")).isEqualTo(400);
    assertThat(post("/v1/vms/hello/exec/s9/signal", "{}")).isEqualTo(400);
    assertThat(post("/v1/vms/hello/exec/s9/resize", "{\"rows\":0,\"cols\":1}")).isEqualTo(400);
    assertThat(post("/v1/vms/hello/exec/s9/resize", "{\"rows\":1,\"cols\":null}")).isEqualTo(400);
    assertThat(post("/v1/vms/hello/exec/s9/resize", "{}")).isEqualTo(400);
    assertThat(post("/v1/vms/hello/exec/s9/resize", "{\"rows\":1,\"cols\":1}")).isEqualTo(409);
    assertThat(post("/v1/vms/hello/exec/none/signal", "{\"signal\":\"TERM\"}")).isEqualTo(404);
  }

  @Test
  void cancelsASessionAndDeletesItsObject() throws Exception {
    StartExec start = startDetached("s10");

    assertThat(fixture.delete("/v1/vms/hello/exec/s10", TestApi.ALICE).statusCode()).isEqualTo(204);

    assertThat(worker.take(Instruction::hasCancelExec).getCancelExec().getUid())
        .isEqualTo(start.getSpec().getUid());
    assertThat(fixture.exec("s10")).isNull();
    await()
        .until(() -> fixture.delete("/v1/vms/hello/exec/s10", TestApi.ALICE).statusCode() == 404);
  }

  @Test
  void bindsAnAppliedExecWhenSomebodyAttachesToIt() throws Exception {
    VMExec exec = new VMExec();
    exec.setMetadata(new ObjectMetaBuilder().withName("applied").withNamespace("default").build());
    exec.setSpec(VMExecSpec.of("hello", List.of("/bin/true")).build());
    fixture.kubernetes.resource(exec).create();

    Fixture.Following reading = getAt("/v1/vms/hello/exec/applied");
    StartExec start = worker.take(FakeWorker::attaches).getStartExec();
    assertThat(start.getSpec().getBootId()).isEqualTo("boot-1");
    worker.answer(start.getAttachment()).send(started("applied")).send(exited(0, 0));

    assertThat(events(reading.body())).containsExactly("started", "exit");
    assertThat(fixture.exec("applied").statusOrEmpty().boundTo()).isNotNull();
  }

  private static final String ECHO = "{\"command\":[\"/bin/echo\",\"hi\"]}";

  private FakeWorker.Stream answerStart() throws InterruptedException {
    return worker.answer(worker.takeStart().getStartExec().getAttachment());
  }

  private Fixture.Following startAt(String path, String body) {
    return postAt(path, body);
  }

  private Fixture.Following postAt(String path, String body) {
    return fixture.follow(
        fixture.request(path, TestApi.ALICE).POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  private Fixture.Following getAt(String path) {
    return fixture.follow(fixture.request(path, TestApi.ALICE).GET());
  }

  private int post(String path, String body) throws Exception {
    return fixture.post(path, TestApi.ALICE, body).statusCode();
  }

  private void startAsync(String body) throws Exception {
    HttpResponse<String> response =
        fixture.send(
            fixture
                .request("/v1/vms/hello/exec", TestApi.ALICE)
                .header("Prefer", "respond-async")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    assertThat(response.statusCode()).isEqualTo(201);
  }

  private StartExec startDetached(String name) throws Exception {
    startAsync("{\"command\":[\"/bin/true\"],\"name\":\"%s\"}".formatted(name));
    return worker.takeStart().getStartExec();
  }

  private void startWithStdin(String name) throws Exception {
    startAsync(
        "{\"command\":[\"/bin/cat\"],\"name\":\"%s\",\"stdin\":{\"type\":\"Attach\"}}"
            .formatted(name));
    worker.takeStart();
  }

  private void report(StartExec start, ExecState state, Frame.Exit exit) {
    worker.report(
        ExecReport.newBuilder()
            .setUid(start.getSpec().getUid())
            .setRevision(1)
            .setState(state)
            .setStartTimeMs(1_000)
            .setCompletionTimeMs(2_000)
            .setExit(ProtoFrames.encodeExit(exit))
            .setStdoutBytes(exit.stdoutBytes())
            .build());
  }

  private static Attachment attachmentOf(Instruction instruction) {
    return instruction.hasAttach()
        ? instruction.getAttach()
        : instruction.getStartExec().getAttachment();
  }
}
