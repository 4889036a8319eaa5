package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.json;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.DesiredState;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.Instruction;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SessionResourceTest {
  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @SuppressWarnings("NullAway.Init")
  private VM vm;

  private int number;
  private String name = "";
  private String path = "";
  private String uid = "";

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture =
        Fixture.start(
            folder,
            ControllerSettings.Timeouts.DEFAULT
                .withHeartbeat(Duration.ofMillis(300))
                // Whoever waits for a worker in vain waits for longer than any test.
                .withRendezvous(Duration.ofHours(1)));
    worker = fixture.worker("w1");
    vm = fixture.readyVm("hello", worker);
  }

  @BeforeEach
  void makeASession() throws Exception {
    name = "s" + number++;
    uid = fixture.boundExec(name, vm, "w1").getMetadata().getUid();
    path = "/v1/vms/hello/exec/" + name;
    worker.take(i -> i.hasStartExec() && i.getStartExec().getSpec().getUid().equals(uid));
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  private HttpRequest.Builder events(String query) {
    return fixture.request(path + query, TestApi.ALICE).header("Accept", "text/event-stream").GET();
  }

  private Attachment attachment() throws InterruptedException {
    Instruction instruction = worker.take(FakeWorker::attaches);
    return instruction.hasAttach()
        ? instruction.getAttach()
        : instruction.getStartExec().getAttachment();
  }

  private HttpResponse<String> metadata() throws Exception {
    return fixture.send(
        fixture.request(path, TestApi.ALICE).header("Accept", "application/json").GET());
  }

  private Fixture.Following post(String suffix) {
    return fixture.follow(
        fixture.request(path + suffix, TestApi.ALICE).POST(HttpRequest.BodyPublishers.noBody()));
  }

  @Test
  void waitsNoMoreForAWorkerWhoseLinkIsOver() throws Exception {
    FakeWorker dying = fixture.worker("dying");
    fixture.boundExec("asked", fixture.readyVm("short", dying), "dying");
    Fixture.Following reading =
        fixture.follow(fixture.request("/v1/vms/short/exec/asked", TestApi.ALICE).GET());
    dying.take(FakeWorker::attaches);
    dying.close();

    assertThat(reading.headers().statusCode()).isEqualTo(503);
  }

  @Test
  void sendsFramesAsEventsWithTheOffsetToResumeFrom() throws Exception {
    Fixture.Following reading = fixture.follow(events(""));
    worker
        .answer(attachment())
        .send(started(name))
        .send(stdout(0, "hi\n"))
        .send(new Frame.Gap(3, 9))
        .send(exited(0, 9));

    assertThat(reading.headers().headers().firstValue("Content-Type"))
        .contains("text/event-stream");
    assertThat(reading.body().replaceAll("ey[-_.A-Za-z0-9]+", "TICKET"))
        .isEqualTo(
            """
            retry: 1000

            event: started
            data: {"event":"started","session":"%s","pid":7,"bootID":"boot-1","ticket":"TICKET"}

            event: stdout
            id: 3
            data: {"event":"stdout","data":"aGkK","offset":0}

            event: gap
            id: 9
            data: {"event":"gap","from":3,"to":9}

            event: exit
            id: exit
            data: {"event":"exit","code":0,"reason":"Exited","stdoutBytes":9,"stderrBytes":0,\
            "outputIncomplete":false,"durationMs":5}

            """
                .formatted(name));
  }

  @Test
  void resumesWhereTheBrowserWasWhateverItsAddressSays() throws Exception {
    Fixture.Following reading = fixture.follow(events("?from=1").header("Last-Event-ID", "9"));
    Attachment attachment = attachment();
    assertThat(attachment.getFrom()).isEqualTo(9);
    worker.answer(attachment).send(started(name)).send(exited(0, 9));
    assertThat(reading.body()).contains("event: exit");

    Fixture.Following fresh = fixture.follow(events("?from=1&follow=false"));
    attachment = attachment();
    assertThat(attachment.getFrom()).isEqualTo(1);
    assertThat(attachment.getUntilNow()).isTrue();
    worker.answer(attachment).complete();
    assertThat(fresh.body()).isEqualTo("retry: 1000\n\n");
  }

  @Test
  void endsABrowsersReconnectingBehindTheExit() throws Exception {
    HttpResponse<String> response = fixture.send(events("").header("Last-Event-ID", "exit"));

    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(response.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "9223372036854775808", "1.5"})
  void refusesAnEventIdThatItNeverGave(String id) throws Exception {
    HttpResponse<String> response = fixture.send(events("").header("Last-Event-ID", id));

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("message").asText()).startsWith("Last-Event-ID: ");
  }

  @Test
  void givesNoIdInTheMiddleOfACharacter() throws Exception {
    Fixture.Following reading = fixture.follow(events("?text=true"));
    ByteString word = ByteString.copyFromUtf8("aü");
    worker
        .answer(attachment())
        .send(new Frame.Output(StdStream.STDOUT, 0, word.substring(0, 2)))
        .send(new Frame.Output(StdStream.STDOUT, 2, word.substring(2)))
        .send(exited(0, 3));

    assertThat(reading.body())
        .contains("event: stdout\ndata: {\"event\":\"stdout\",\"text\":\"a\",\"offset\":0}")
        .contains("event: stdout\nid: 3\ndata: {\"event\":\"stdout\",\"text\":\"ü\",\"offset\":1}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/event-stream", "application/x-ndjson"})
  void saysThatNothingHappenedInEveryForm(String form) throws Exception {
    Fixture.Following reading =
        fixture.follow(fixture.request(path, TestApi.ALICE).header("Accept", form).GET());
    FakeWorker.Stream session = worker.answer(attachment()).send(started(name));
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(reading.headers().body(), StandardCharsets.UTF_8))) {
      assertThat(lines.lines().anyMatch(line -> line.contains("{\"event\":\"heartbeat\"")))
          .isTrue();
    }
    assertThat(session.over().isOk()).isTrue();
  }

  @Test
  void tellsHowManyReadAndWriteWhileItRuns() throws Exception {
    assertThat(json(metadata()).has("attachments")).isFalse();
    report(1, ExecState.EXEC_RUNNING, 3);
    await().until(() -> json(metadata()).path("attachments").asInt(-1) == 3);
    report(2, ExecState.EXEC_RUNNING, 0);
    await().until(() -> json(metadata()).path("attachments").asInt(-1) == 0);
    JsonNode list = json(fixture.get("/v1/vms/hello/execs", TestApi.ALICE));
    assertThat(list.findValues("session")).isNotEmpty();
    report(3, ExecState.EXEC_STARTING, 0);
    await().until(() -> !json(metadata()).has("attachments"));
  }

  private void report(long revision, ExecState state, int attachments) {
    worker.report(
        ExecReport.newBuilder()
            .setUid(uid)
            .setRevision(revision)
            .setState(state)
            .setStartTimeMs(1_000)
            .setAttachments(attachments)
            .build());
  }

  @Test
  void cancelsASessionAndKeepsItsObject() throws Exception {
    Fixture.Following cancelling = post("/cancel");

    assertThat(cancelling.headers().statusCode()).isEqualTo(202);
    assertThat(Fixture.JSON.readTree(cancelling.body()).path("session").asText()).isEqualTo(name);
    assertThat(
            worker
                .take(i -> i.hasCancelExec() && i.getCancelExec().getUid().equals(uid))
                .getCancelExec()
                .getMessage())
        // Said by the route, or by whoever sees the object first.
        .containsIgnoringCase("cancelled");
    assertThat(fixture.exec(name).getSpec().desiredState()).isEqualTo(DesiredState.CANCELLED);
    assertThat(post("/cancel").headers().statusCode()).isEqualTo(202);
  }

  @Test
  void detachesASessionFromWhoeverReads() throws Exception {
    Fixture.Following detaching = post("/detach");
    Attachment attachment = attachment();
    assertThat(attachment.getWriter()).isFalse();
    assertThat(attachment.getOutput()).isFalse();
    FakeWorker.Stream stream = worker.answer(attachment);
    assertThat(stream.take()).isEqualTo(new Frame.Detach());
    stream.complete();

    assertThat(detaching.headers().statusCode()).isEqualTo(204);
  }

  @Test
  void letsOnlyThoseWriteWhoMay() throws Exception {
    fixture.api.grant("get vmexecs/log");
    try {
      for (String suffix : new String[] {"/cancel", "/detach"}) {
        HttpResponse<String> response = fixture.post(path + suffix, TestApi.BOB, "");
        assertThat(response.statusCode()).isEqualTo(403);
      }
    } finally {
      fixture.api.revoke("get vmexecs/log");
    }
    assertThat(fixture.exec(name).getSpec().desiredState()).isEqualTo(DesiredState.RUNNING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"..%2Fpods", "A", "a%00", "%2e%2e", "a%20b", "-a", "a_b"})
  void refusesNamesThatAreNone(String none) throws Exception {
    for (String bad :
        new String[] {
          "/v1/vms/hello/exec/" + none,
          "/v1/vms/" + none + "/exec/s",
          "/v1/namespaces/" + none + "/vms/hello/exec/s"
        }) {
      assertThat(fixture.get(bad, TestApi.ALICE).statusCode()).as(bad).isIn(400, 404);
    }
  }
}
