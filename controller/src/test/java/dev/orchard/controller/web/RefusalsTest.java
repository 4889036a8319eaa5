package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusalsTest {
  private static final String ECHO = "{\"command\":[\"/bin/echo\"]}";

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture = Fixture.start(folder);
    worker = fixture.worker("w1");
    fixture.readyVm("hello", worker);
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  private HttpResponse<String> exec(String vm, String body) throws Exception {
    return fixture.post("/v1/vms/" + vm + "/exec?wait=0", TestApi.ALICE, body);
  }

  private HttpResponse<String> withAuthorization(String value) throws Exception {
    return fixture.send(
        HttpRequest.newBuilder(fixture.uri("/v1/controller/info"))
            .header("Authorization", value)
            .GET());
  }

  private static String basic(String pair) {
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/controller/info",
        "/v1/workers",
        "/v1/workers/w1",
        "/v1/vms",
        "/v1/vms/hello",
        "/v1/vms/hello/execs",
        "/v1/vms/hello/exec/s",
        "/v1/namespaces/default/vms"
      })
  void refusesWhoeverTheKubernetesApiDoesNotKnow(String path) throws Exception {
    assertThat(fixture.send(HttpRequest.newBuilder(fixture.uri(path)).GET()).statusCode())
        .isEqualTo(401);
    HttpResponse<String> stranger = fixture.get(path, "rubbish");
    assertThat(stranger.statusCode()).isEqualTo(401);
    assertThat(stranger.headers().firstValue("WWW-Authenticate")).isPresent();
    assertThat(json(stranger).path("message").asText()).contains("token");
  }

  @Test
  void takesATokenAsBearerAndAsThePasswordOfAnyUser() throws Exception {
    assertThat(withAuthorization("Bearer " + TestApi.ALICE).statusCode()).isEqualTo(200);
    assertThat(withAuthorization("bearer " + TestApi.ALICE).statusCode()).isEqualTo(200);
    assertThat(withAuthorization(basic("anybody:" + TestApi.ALICE)).statusCode()).isEqualTo(200);
    assertThat(withAuthorization(basic(":" + TestApi.ALICE)).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer", "Bearer ", "Basic !!!", "Digest x", "Basic YWxpY2U6"})
  void refusesCredentialsThatAreNone(String value) throws Exception {
    assertThat(withAuthorization(value).statusCode()).isEqualTo(401);
  }

  @Test
  void refusesWhatTheCallerMayNotDo() throws Exception {
    fixture.boundExec(
        "others",
        fixture.kubernetes.resources(VM.class).inNamespace("default").withName("hello").get(),
        "w1");
    worker.takeStart();

    assertThat(fixture.post("/v1/vms/hello/exec", TestApi.BOB, ECHO).statusCode()).isEqualTo(403);
    String session = "/v1/vms/hello/exec/others";
    assertThat(fixture.get(session, TestApi.BOB).statusCode()).isEqualTo(403);
    assertThat(fixture.post(session + "/stdin", TestApi.BOB, "x").statusCode()).isEqualTo(403);
    assertThat(fixture.post(session + "/signal", TestApi.BOB, "{}").statusCode()).isEqualTo(403);
    assertThat(fixture.post(session + "/resize", TestApi.BOB, "{}").statusCode()).isEqualTo(403);
    assertThat(fixture.delete(session, TestApi.BOB).statusCode()).isEqualTo(403);
    assertThat(fixture.get("/v1/vms", TestApi.BOB).statusCode()).isEqualTo(403);
    assertThat(fixture.get("/v1/vms/hello/execs", TestApi.BOB).statusCode()).isEqualTo(403);
    assertThat(fixture.delete("/v1/vms/hello", TestApi.BOB).statusCode()).isEqualTo(403);
    assertThat(fixture.get("/v1/controller/info", TestApi.BOB).statusCode()).isEqualTo(200);
  }

  @Test
  void leavesNothingBehindWhereAStartIsRefused() throws Exception {
    int before = fixture.kubernetes.resources(VMExec.class).list().getItems().size();
    fixture.api.grant("create vms/exec");
    try {
      // May start, but not create objects: the API server's own word counts.
      assertThat(fixture.post("/v1/vms/hello/exec", TestApi.BOB, ECHO).statusCode()).isEqualTo(403);
    } finally {
      fixture.api.revoke("create vms/exec");
    }
    assertThat(exec("none", ECHO).statusCode()).isEqualTo(404);
    assertThat(exec("hello", "{}").statusCode()).isEqualTo(400);
    assertThat(fixture.kubernetes.resources(VMExec.class).list().getItems()).hasSize(before);
  }

  @Test
  void saysWhatAVmThatIsNotReadyWaitsFor() throws Exception {
    fixture.placedVm("unplaced", "");
    fixture.placedVm("starting", "w1");
    VM failed = fixture.placedVm("failed", "w1");
    worker.report(
        VmReport.newBuilder()
            .setUid(failed.getMetadata().getUid())
            .setState(VmState.VM_FAILED)
            .setMessage("no such image")
            .build());
    await()
        .until(() ->
            fixture
                .kubernetes
                .resource(failed)
                .get()
                .statusOrEmpty()
                .condition(VMStatus.READY)
                .isPresent());

    HttpResponse<String> starting = exec("starting", ECHO);
    assertThat(starting.statusCode()).isEqualTo(408);
    assertThat(json(starting).path("message").asText()).contains("no agent is connected");
    await().untilAsserted(() -> assertThat(exec("failed", ECHO).statusCode()).isEqualTo(417));
    assertThat(json(exec("failed", ECHO)).path("message").asText()).contains("no such image");
  }

  @Test
  void asksForAnotherTryWhereTheWorkerHasNoLink() throws Exception {
    FakeWorker other = fixture.worker("w2");
    fixture.readyVm("afar", other);
    other.close();

    await().untilAsserted(() -> assertThat(exec("afar", ECHO).statusCode()).isEqualTo(503));
    HttpResponse<String> response = exec("afar", ECHO);
    assertThat(response.headers().firstValue("Retry-After")).contains("1");
    assertThat(json(response).path("type").asText())
        .isEqualTo("urn:orchard:problem:worker-unreachable");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]|body",
        "{|body",
        "{} {}|body",
        "{\"command\":[]}|command",
        "{\"command\":\"ls\"}|command",
        "{\"command\":[1]}|command[0]",
        "{\"command\":[\"\"]}|command[0]",
        "{\"command\":[\"a\\u0000\"]}|command[0]",
        "{\"command\":[\"a\"],\"command\":[\"b\"]}|body",
        "{\"command\":[\"a\"],\"comand\":1}|comand",
        "{\"command\":[\"a\"],\"name\":\"A\"}|name",
        "{\"command\":[\"a\"],\"name\":\"../x\"}|name",
        "{\"command\":[\"a\"],\"env\":[]}|env",
        "{\"command\":[\"a\"],\"env\":{\"A=\":\"\"}}|env",
        "{\"command\":[\"a\"],\"env\":{\"A\":1}}|env.A",
        "{\"command\":[\"a\"],\"workingDir\":\"tmp\"}|workingDir",
        "{\"command\":[\"a\"],\"user\":\"\"}|user",
        "{\"command\":[\"a\"],\"stdin\":5}|stdin",
        "{\"command\":[\"a\"],\"stdin\":{\"type\":\"Odd\"}}|stdin",
        "{\"command\":[\"a\"],\"stdinBase64\":\"!\"}|stdinBase64",
        "{\"command\":[\"a\"],\"stdin\":\"x\",\"stdinBase64\":\"eA==\"}|stdinBase64",
        "{\"command\":[\"a\"],\"tty\":1}|tty",
        "{\"command\":[\"a\"],\"tty\":{\"rows\":0}}|tty.rows",
        "{\"command\":[\"a\"],\"tty\":{\"row\":1}}|tty.row",
        "{\"command\":[\"a\"],\"timeoutSeconds\":-1}|timeoutSeconds",
        "{\"command\":[\"a\"],\"timeoutSeconds\":1.5}|timeoutSeconds",
        "{\"command\":[\"a\"],\"timeoutSeconds\":99999999999999999999}|timeoutSeconds",
        "{\"command\":[\"a\"],\"startTimeoutSeconds\":0}|startTimeoutSeconds",
        "{\"command\":[\"a\"],\"disconnectPolicy\":\"detach\"}|disconnectPolicy",
        "{\"command\":[\"a\"],\"output\":{\"onLimit\":\"Odd\"}}|output.onLimit",
        "{\"command\":[\"a\"],\"output\":{\"limit\":1}}|output.limit"
      })
  void namesTheFieldThatIsWrong(String body, String field) throws Exception {
    HttpResponse<String> response = exec("hello", body);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(json(response).path("message").asText()).startsWith(field + ": ");
  }

  @Test
  void refusesMoreThanTheLimits() throws Exception {
    String many = IntStream.range(0, 257).mapToObj(i -> "\"a\"").collect(Collectors.joining(","));
    assertThat(exec("hello", "{\"command\":[" + many + "]}").statusCode()).isEqualTo(400);
    String much = "\"" + "a".repeat(70_000) + "\"";
    assertThat(exec("hello", "{\"command\":[" + much + "," + much + "]}").statusCode())
        .isEqualTo(400);
    String stdin = "{\"command\":[\"cat\"],\"stdin\":\"" + "a".repeat(1 << 20) + "\"}";
    HttpResponse<String> tooLarge = exec("hello", stdin);
    assertThat(tooLarge.statusCode()).isEqualTo(413);
    assertThat(json(tooLarge).path("message").asText()).contains("/stdin");
    assertThat(exec("hello", "{\"command\":" + "[".repeat(50_000)).statusCode()).isEqualTo(400);
    assertThat(
            fixture
                .send(
                    fixture
                        .request("/v1/vms/hello/exec", TestApi.ALICE)
                        .POST(HttpRequest.BodyPublishers.noBody()))
                .statusCode())
        .isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"from=-1", "from=x", "from=9223372036854775808", "follow=maybe", "text=2"})
  void refusesQueriesThatAreWrong(String query) throws Exception {
    assertThat(fixture.get("/v1/vms/hello/exec/any?" + query, TestApi.ALICE).statusCode())
        .isEqualTo(400);
  }

  @Test
  void knowsNoOtherSessionsThanTheVmsOwn() throws Exception {
    VM other = fixture.readyVm("other", worker);
    fixture.boundExec("elsewhere", other, "w1");

    assertThat(fixture.get("/v1/vms/hello/exec/elsewhere", TestApi.ALICE).statusCode())
        .isEqualTo(404);
    assertThat(fixture.get("/v1/vms/hello/exec/none", TestApi.ALICE).statusCode()).isEqualTo(404);
    assertThat(
            fixture
                .send(
                    fixture
                        .request("/v1/vms/hello/exec/elsewhere", TestApi.ALICE)
                        .header("Accept", "application/json"))
                .statusCode())
        .isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://evil.example", "null", "https://localhost"})
  void refusesEveryOriginOnEveryMethod(String origin) throws Exception {
    for (String method : List.of("GET", "POST", "DELETE", "OPTIONS")) {
      HttpResponse<String> response =
          fixture.send(
              fixture
                  .request("/v1/vms/hello/exec/s", TestApi.ALICE)
                  .header("Origin", origin)
                  .method(method, HttpRequest.BodyPublishers.noBody()));
      assertThat(response.statusCode()).isEqualTo(403);
      assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }
  }

  @Test
  void answersWithoutCredentialsOnlyWhetherItLives() throws Exception {
    for (String path : List.of("/", "/livez", "/readyz")) {
      assertThat(fixture.send(HttpRequest.newBuilder(fixture.uri(path)).GET()).statusCode())
          .isEqualTo(200);
    }
    HttpResponse<String> unknown = fixture.get("/v2", TestApi.ALICE);
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(json(unknown).path("message").asText()).contains("/v2");
    assertThat(fixture.post("/v1/workers", TestApi.ALICE, "{}").statusCode()).isEqualTo(404);
  }

  @Test
  void says503WhileTheKubernetesApiIsAway() throws Exception {
    fixture.api.away(true);
    try {
      HttpResponse<String> response = exec("hello", ECHO);
      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(response.headers().firstValue("Retry-After")).isPresent();
      assertThat(fixture.get("/v1/vms", TestApi.ALICE).statusCode()).isEqualTo(503);
      assertThat(fixture.get("/livez", TestApi.ALICE).statusCode()).isEqualTo(200);
    } finally {
      fixture.api.away(false);
    }
  }

  @Test
  void asksForTheRightToStartEveryTimeAndToReadNotMoreThanOnce() throws Exception {
    int before = fixture.api.accessReviews();
    exec("none", ECHO);
    exec("none", ECHO);
    assertThat(fixture.api.accessReviews()).isEqualTo(before + 2);
    fixture.get("/v1/vms/hello/exec/unknown", TestApi.ALICE);
    fixture.get("/v1/vms/hello/exec/unknown", TestApi.ALICE);
    assertThat(fixture.api.accessReviews()).isEqualTo(before + 3);
  }
}
