package dev.orchard.controller.orchard;

import static dev.orchard.controller.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** VMs as Orchard's clients send and read them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VmShapesTest {
  /** All that Orchard's command line sends for {@code create vm} without flags, and more. */
  private static final String AS_THE_COMMAND_LINE_SENDS_IT =
      """
      {"name":"usual","createdAt":"0001-01-01T00:00:00Z","image":"default","imagePullPolicy":"IfNotPresent",
       "cpu":4,"memory":8192,"headless":true,"username":"admin","password":"admin",
       "restart_policy":"Never","netSoftnet":false,"netSoftnetAllow":[],"hostDirs":[],"resources":{},
       "labels":{},"startup_script":null,"restarted_at":"0001-01-01T00:00:00Z","generation":0}\
      """;

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @BeforeAll
  void start(@TempDir Path folder) {
    fixture = Fixture.start(folder);
  }

  @AfterAll
  void stop() {
    fixture.close();
  }

  private VM object(String name) {
    return fixture.kubernetes.resources(VM.class).inNamespace("default").withName(name).get();
  }

  private HttpResponse<String> create(String body) throws Exception {
    return fixture.post("/v1/vms", TestApi.ALICE, body);
  }

  private HttpResponse<String> put(String name, String body) throws Exception {
    return fixture.send(
        fixture.request("/v1/vms/" + name, TestApi.ALICE).PUT(BodyPublishers.ofString(body)));
  }

  @Test
  void takesWhatOrchardsCommandLineAlwaysSends() throws Exception {
    HttpResponse<String> created = create(AS_THE_COMMAND_LINE_SENDS_IT);

    assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
    assertThat(object("usual").getSpec().cpu()).isEqualTo(4);
    assertThat(object("usual").getSpec().memoryMib()).isEqualTo(8192);
    assertThat(object("usual").getSpec().workerSelector()).isEmpty();
    assertThat(object("usual").getMetadata().getAnnotations()).isNullOrEmpty();
    assertThat(created.body()).doesNotContain("password");
  }

  @Test
  void choosesAWorkerByLabelsProcessorAndSystem() throws Exception {
    JsonNode vm =
        json(
            create(
                """
                {"name":"picky","image":"default","os":"darwin","arch":"arm64","runtime":"tart",
                 "labels":{"zone":"a"},"powerState":"stopped"}
                """));

    assertThat(object("picky").getSpec().workerSelector())
        .isEqualTo(
            Map.of("zone", "a", "kubernetes.io/arch", "arm64", "kubernetes.io/os", "darwin"));
    assertThat(object("picky").getSpec().runtime()).isEqualTo("tart");
    assertThat(object("picky").getSpec().powerState()).isEqualTo(PowerState.RUNNING);
    assertThat(vm.path("os").asText()).isEqualTo("darwin");
    assertThat(vm.path("arch").asText()).isEqualTo("arm64");
    assertThat(vm.path("labels").toString()).isEqualTo("{\"zone\":\"a\"}");
  }

  @Test
  void letsALinuxGuestRunOnAnyHost() throws Exception {
    assertThat(create("{\"name\":\"tux\",\"image\":\"i\",\"os\":\"linux\"}").statusCode())
        .isEqualTo(200);
    assertThat(object("tux").getSpec().workerSelector()).isEmpty();
  }

  @Test
  void remembersAnotherUserThanTheUsualOneForItsCommands() throws Exception {
    JsonNode vm = json(create("{\"name\":\"own-user\",\"image\":\"i\",\"username\":\"ci\"}"));

    assertThat(vm.path("username").asText()).isEqualTo("ci");
    assertThat(VmJson.user(object("own-user"))).isEqualTo("ci");
  }

  @Test
  void countsProcessorsAndMemoryAsResourcesThatItGives() throws Exception {
    String vm =
        """
        {"name":"sized","image":"i","cpu":2,"memory":1024,
         "resources":{"org.cirruslabs.logical-cores":2,"org.cirruslabs.memory-mib":%d}}
        """;
    HttpResponse<String> refused = create(vm.formatted(2048));
    assertThat(refused.statusCode()).isEqualTo(412);
    assertThat(json(refused).path("message").asText())
        .startsWith("resources.org.cirruslabs.memory-mib");
    assertThat(create(vm.formatted(1024)).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "net-softnet|true|412",
        "netSoftnet|true|412",
        "netSoftnetAllow|[\"10.0.0.0/8\"]|412",
        "netSoftnetBlock|[\"10.0.0.0/8\"]|412",
        "net-bridged|\"en0\"|412",
        "suspendable|true|412",
        "nested|true|412",
        "randomSerial|true|412",
        "diskSize|50|412",
        "startup_script|{\"script_content\":\"true\"}|412",
        "hostDirs|[{\"name\":\"a\",\"path\":\"/a\"}]|400",
        "imagePullPolicy|\"Always\"|412",
        "restart_policy|\"OnFailure\"|412",
        "resources|{\"org.cirruslabs.tart-vms\":1}|412",
        "os|\"plan9\"|400",
        "arch|\"vax\"|400",
        "headless|\"no\"|200",
        "labels|{\"a\":1}|400",
        "username|\"a:b\"|412"
      })
  void refusesByNameWhatWouldChangeWhatRuns(String field, String value, int status)
      throws Exception {
    HttpResponse<String> response =
        create(
            "{\"name\":\"wish-%d\",\"image\":\"i\",\"%s\":%s}"
                .formatted(field.hashCode() & 0xffff, field, value));

    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    if (status != 200) {
      assertThat(json(response).path("message").asText()).startsWith(field);
    }
  }

  @Test
  void showsTimesGenerationsAndWhatIsAssignedAsOrchardDoes() throws Exception {
    create("{\"name\":\"timed\",\"image\":\"i\",\"cpu\":2,\"memory\":1024}");
    JsonNode pending = json(fixture.get("/v1/vms/timed", TestApi.ALICE));
    assertThat(pending.path("scheduled_at").asText()).isEqualTo("0001-01-01T00:00:00Z");
    assertThat(pending.path("started_at").asText()).isEqualTo("0001-01-01T00:00:00Z");
    assertThat(pending.has("worker")).isFalse();
    assertThat(pending.has("assignedCPU")).isFalse();
    assertThat(pending.has("generation")).isTrue();
    assertThat(pending.has("observedGeneration")).isTrue();
    assertThat(pending.path("version").isIntegralNumber()).isTrue();

    Instant at = Instant.parse("2026-11-24T04:18:22Z");
    VM vm = object("timed");
    vm.setStatus(
        VMStatus.EMPTY
            .withWorkerName("w9")
            .withCondition(Conditions.of(VMStatus.SCHEDULED, "True", "Placed", "", at))
            .withCondition(Conditions.of(VMStatus.READY, "True", VMStatus.REASON_RUNNING, "", at)));
    fixture.kubernetes.resource(vm).updateStatus();

    JsonNode running = json(fixture.get("/v1/vms/timed", TestApi.ALICE));
    assertThat(running.path("status").asText()).isEqualTo("running");
    assertThat(Instant.parse(running.path("scheduled_at").asText())).isEqualTo(at);
    assertThat(Instant.parse(running.path("started_at").asText())).isEqualTo(at);
    assertThat(running.path("assignedCPU").asInt()).isEqualTo(2);
    assertThat(running.path("assignedMemory").asInt()).isEqualTo(1024);
    assertThat(running.path("observedGeneration")).isEqualTo(running.path("generation"));
  }

  @Test
  void listsByNameWhatTheFilterPicks() throws Exception {
    for (String name : List.of("f-b", "f-a", "f-c")) {
      create("{\"name\":\"%s\",\"image\":\"i\"}".formatted(name));
      VM vm = object(name);
      vm.setStatus(VMStatus.EMPTY.withWorkerName(name.equals("f-c") ? "there" : "here"));
      fixture.kubernetes.resource(vm).updateStatus();
    }

    assertThat(names("worker=here")).containsExactly("f-a", "f-b");
    assertThat(names("worker=here,worker=there")).isEmpty();
    assertThat(names("image=i")).isEmpty();
  }

  private List<String> names(String filter) throws Exception {
    return json(fixture.get("/v1/vms?filter=" + filter, TestApi.ALICE)).findValuesAsText("name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "worker", "=w1", "worker=w1,", "worker=w1,x"})
  void refusesAFilterThatIsNone(String filter) throws Exception {
    assertThat(fixture.get("/v1/vms?filter=" + filter, TestApi.ALICE).statusCode()).isEqualTo(412);
  }

  @Test
  void stopsAVmAndNeverStartsItAgain() throws Exception {
    create("{\"name\":\"power\",\"image\":\"i\"}");
    JsonNode whole = json(fixture.get("/v1/vms/power", TestApi.ALICE));

    assertThat(put("power", whole.toString()).statusCode()).isEqualTo(200);
    assertThat(object("power").getSpec().powerState()).isEqualTo(PowerState.RUNNING);

    HttpResponse<String> stopped = put("power", "{\"powerState\":\"stopped\",\"cpu\":64}");
    assertThat(stopped.statusCode()).as(stopped.body()).isEqualTo(200);
    assertThat(json(stopped).path("powerState").asText()).isEqualTo("stopped");
    assertThat(object("power").getSpec().powerState()).isEqualTo(PowerState.STOPPED);
    assertThat(object("power").getSpec().cpu()).isEqualTo(1);

    assertThat(put("power", "{\"powerState\":\"stopped\"}").statusCode()).isEqualTo(200);
    assertThat(put("power", "{\"powerState\":\"running\"}").statusCode()).isEqualTo(412);
    assertThat(put("nobody", "{\"powerState\":\"stopped\"}").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"powerState\":\"suspended\"}",
        "{\"powerState\":\"off\"}",
        "{\"powerState\":\"running\",\"runtime\":\"vetu\"}",
        "{\"powerState\":\"running\",\"arch\":\"amd64\"}",
        "{\"powerState\":\"running\",\"netSoftnet\":true}",
        "{\"powerState\":\"running\",\"suspendable\":true}"
      })
  void refusesToChangeAnythingElse(String body) throws Exception {
    create("{\"name\":\"fixed\",\"image\":\"i\",\"runtime\":\"tart\",\"arch\":\"arm64\"}");

    HttpResponse<String> response = put("fixed", body);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(412);
    assertThat(json(response).path("message").asText()).isNotEmpty();
  }

  @Test
  void refusesToChangeAVmThatHasFailed() throws Exception {
    create("{\"name\":\"broken\",\"image\":\"i\"}");
    VM vm = object("broken");
    vm.setStatus(
        VMStatus.EMPTY.withCondition(
            Conditions.of(
                VMStatus.READY, "False", VMStatus.REASON_FAILED, "no such image", Instant.EPOCH)));
    fixture.kubernetes.resource(vm).updateStatus();

    assertThat(put("broken", "{\"powerState\":\"stopped\"}").statusCode()).isEqualTo(412);
  }

  @Test
  void pagesThroughEventsInEitherOrder() throws Exception {
    create("{\"name\":\"eventful\",\"image\":\"i\"}");
    VM vm = object("eventful");
    VMStatus status = VMStatus.EMPTY;
    for (int i = 0; i < 4; i++) {
      // Two in each second.
      Instant at = Instant.parse("2100-01-01T00:00:00Z").plusSeconds(i / 2);
      status = status.withCondition(Conditions.of("C" + i, "True", "Why", "because", at));
    }
    vm.setStatus(status);
    fixture.kubernetes.resource(vm).updateStatus();

    String path = "/v1/vms/eventful/events";
    assertThat(payloads(path, "limit=2"))
        .containsExactly(
            "created",
            "C0 True: Why, because",
            "C1 True: Why, because",
            "C2 True: Why, because",
            "C3 True: Why, because");
    assertThat(payloads(path, "limit=1&order=DESC"))
        .containsExactlyElementsOf(payloads(path, "").reversed());
    assertThat(payloads(path, "limit=5")).hasSize(5);
    JsonNode event = json(fixture.get(path, TestApi.ALICE)).path(1);
    assertThat(event.path("kind").asText()).isEqualTo("log_line");
    assertThat(event.path("timestamp").asLong())
        .isEqualTo(Instant.parse("2100-01-01T00:00:00Z").getEpochSecond());
  }

  /** Of all pages. */
  private List<String> payloads(String path, String query) throws Exception {
    List<String> payloads = new ArrayList<>();
    String cursor = "";
    do {
      HttpResponse<String> page =
          fixture.get(
              path + "?" + query + (cursor.isEmpty() ? "" : "&cursor=" + cursor), TestApi.ALICE);
      assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
      payloads.addAll(json(page).findValuesAsText("payload"));
      cursor = page.headers().firstValue("X-Next-Cursor").orElse("");
    } while (!cursor.isEmpty());
    return payloads;
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0, limit",
    "limit=x, limit",
    "limit=, limit",
    "order=up, order",
    "cursor=%25, cursor",
    "cursor=, cursor",
    "cursor=MTI, cursor"
  })
  void refusesToPageByNonsense(String query, String field) throws Exception {
    create("{\"name\":\"paged\",\"image\":\"i\"}");

    HttpResponse<String> response = fixture.get("/v1/vms/paged/events?" + query, TestApi.ALICE);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("message").asText()).startsWith(field);
    assertThat(fixture.get("/v1/vms/nobody/events", TestApi.ALICE).statusCode()).isEqualTo(404);
  }
}
