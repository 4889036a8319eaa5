package dev.orchard.controller.orchard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.controller.ControllerSettings.Timeouts;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VmWatchTest {
  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @BeforeAll
  void start(@TempDir Path folder) {
    // Short, so that a right that was taken away is noticed soon.
    fixture = Fixture.start(folder, Timeouts.DEFAULT.withHeartbeat(Duration.ofMillis(200)));
  }

  @AfterAll
  void stop() {
    fixture.close();
  }

  private VM create(String name) {
    VM vm = new VM();
    vm.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    vm.setSpec(VMSpec.ofImage("default"));
    return fixture.kubernetes.resource(vm).create();
  }

  private BufferedReader watch(String name, String token) throws Exception {
    HttpResponse<InputStream> response =
        fixture.follow(fixture.request("/v1/vms/" + name + "?watch=true", token).GET()).headers();
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/x-ndjson");
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  private static JsonNode next(BufferedReader lines) throws Exception {
    return Fixture.JSON.readTree(lines.readLine());
  }

  @Test
  void tellsOfAVmThatComesChangesGoesAndComesAgain() throws Exception {
    try (BufferedReader lines = watch("phoenix", TestApi.ALICE)) {
      VM vm = create("phoenix");
      JsonNode added = next(lines);
      assertThat(added.path("type").asText()).isEqualTo("ADDED");
      assertThat(added.at("/object/name").asText()).isEqualTo("phoenix");

      vm.setSpec(vm.getSpec().withPowerState(PowerState.STOPPED));
      fixture.kubernetes.resource(vm).update();
      JsonNode modified = next(lines);
      assertThat(modified.path("type").asText()).isEqualTo("MODIFIED");
      assertThat(modified.at("/object/powerState").asText()).isEqualTo("stopped");

      fixture.kubernetes.resource(vm).delete();
      JsonNode deleted = next(lines);
      assertThat(deleted.path("type").asText()).isEqualTo("DELETED");
      assertThat(deleted.path("object").has("name")).isFalse();
      assertThat(deleted.at("/object/createdAt").asText()).isEqualTo("0001-01-01T00:00:00Z");

      create("phoenix");
      assertThat(next(lines).path("type").asText()).isEqualTo("ADDED");
    }
  }

  @Test
  void beginsWithWhatIsThere() throws Exception {
    create("present");
    create("bystander");
    try (BufferedReader lines = watch("present", TestApi.ALICE)) {
      JsonNode added = next(lines);
      assertThat(added.path("type").asText()).isEqualTo("ADDED");
      assertThat(added.at("/object/name").asText()).isEqualTo("present");
    }
  }

  @Test
  void endsWhenTheCallerMayNotSeeTheVmAnyLonger() throws Exception {
    create("private");
    String path = "/v1/vms/private?watch=true";
    assertThat(fixture.get(path, TestApi.BOB).statusCode()).isEqualTo(403);
    fixture.api.grant("GET");
    try (BufferedReader lines = watch("private", TestApi.BOB)) {
      assertThat(next(lines).path("type").asText()).isEqualTo("ADDED");
      fixture.api.revoke("GET");
      assertThat(lines.readLine())
          .satisfiesAnyOf(end -> assertThat(end).isNull(), blanks -> assertThat(blanks).isBlank());
    }
  }

  @Test
  void isAnyOtherWordThanTrueNoWatch() throws Exception {
    create("once");
    assertThat(
            Fixture.json(fixture.get("/v1/vms/once?watch=1", TestApi.ALICE)).path("name").asText())
        .isEqualTo("once");
    assertThat(fixture.get("/v1/vms/nobody?watch=yes", TestApi.ALICE).statusCode()).isEqualTo(404);
  }
}
