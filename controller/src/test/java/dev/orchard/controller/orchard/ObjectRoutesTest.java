package dev.orchard.controller.orchard;

import static dev.orchard.controller.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ObjectRoutesTest {
  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture = Fixture.start(folder);
    worker = fixture.worker("w1");
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  @Test
  void makesAVmWithTheCallersTokenInOrchardsShape() throws Exception {
    HttpResponse<String> created =
        fixture.post(
            "/v1/vms",
            TestApi.ALICE,
            "{\"name\":\"vm-a\",\"image\":\"default\",\"memory\":256,\"os\":\"linux\",\"odd\":1}");

    assertThat(created.statusCode()).isEqualTo(200);
    JsonNode vm = json(created);
    assertThat(vm.path("name").asText()).isEqualTo("vm-a");
    assertThat(vm.path("status").asText()).isEqualTo("pending");
    assertThat(vm.path("memory").asInt()).isEqualTo(256);
    assertThat(vm.path("powerState").asText()).isEqualTo("running");
    VM object =
        fixture.kubernetes.resources(VM.class).inNamespace("default").withName("vm-a").get();
    assertThat(object.getMetadata().getUid()).isEqualTo(vm.path("uid").asText());
    assertThat(
            fixture
                .post("/v1/vms", TestApi.ALICE, "{\"name\":\"vm-a\",\"image\":\"default\"}")
                .statusCode())
        .isEqualTo(409);
  }

  @Test
  void showsWhatBecameOfAVmAndDeletesIt() throws Exception {
    fixture.readyVm("vm-b", worker);

    JsonNode vm = json(fixture.get("/v1/vms/vm-b", TestApi.ALICE));
    assertThat(vm.path("status").asText()).isEqualTo("running");
    assertThat(vm.path("worker").asText()).isEqualTo("w1");
    assertThat(vm.path("conditions").findValuesAsText("type")).contains("agent-connected");
    JsonNode list = json(fixture.get("/v1/namespaces/default/vms", TestApi.ALICE));
    assertThat(list.findValuesAsText("name")).contains("vm-b");
    assertThat(json(fixture.get("/v1/namespaces/empty/vms", TestApi.ALICE))).isEmpty();

    HttpResponse<String> deleted = fixture.delete("/v1/vms/vm-b", TestApi.ALICE);
    assertThat(deleted.statusCode()).isEqualTo(200);
    assertThat(deleted.body()).isEmpty();
    assertThat(fixture.get("/v1/vms/vm-b", TestApi.ALICE).statusCode()).isEqualTo(404);
    assertThat(fixture.delete("/v1/vms/vm-b", TestApi.ALICE).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"image\":\"default\"}|412",
        "{\"name\":\"A b\",\"image\":\"default\"}|412",
        "{\"name\":\"x\"}|412",
        "{\"name\":\"x\",\"image\":5}|400",
        "{\"name\":\"x\",\"image\":\"i\",\"cpu\":-1}|400",
        "{\"name\":\"x\",\"image\":\"i\",\"memory\":1}|400",
        "{\"name\":\"x\",\"image\":\"i\",\"runtime\":\"../x\"}|400",
        "nonsense|400"
      })
  void refusesVmsThatAreNone(String body, int status) throws Exception {
    HttpResponse<String> response = fixture.post("/v1/vms", TestApi.ALICE, body);

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(json(response).path("message").asText()).isNotEmpty();
  }

  @Test
  void showsWorkers() throws Exception {
    JsonNode list = json(fixture.get("/v1/workers", TestApi.ALICE));
    assertThat(list.findValuesAsText("name")).containsExactly("w1");
    JsonNode shown = json(fixture.get("/v1/workers/w1", TestApi.ALICE));
    assertThat(shown.path("arch").asText()).isEqualTo("amd64");
    assertThat(shown.path("runtime").asText()).isEqualTo("process");
    assertThat(shown.path("resources").path("org.cirruslabs.memory-mib").asInt()).isEqualTo(8_192);
    assertThat(fixture.get("/v1/workers/none", TestApi.ALICE).statusCode()).isEqualTo(404);
  }

  @Test
  void tellsWhatItCanDo() throws Exception {
    JsonNode info = json(fixture.get("/v1/controller/info", TestApi.ALICE));

    assertThat(info.path("version").asText()).isNotEmpty();
    assertThat(info.path("capabilities").toString())
        .isEqualTo("[\"exec-v1\",\"port-forward-v1\",\"worker-http-v1\"]");
  }
}
