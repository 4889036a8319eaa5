package dev.orchard.controller.orchard;

import static dev.orchard.controller.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.worker.Worker;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Workers as Orchard's clients read and change them, and what is not here at all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WorkerShapesTest {
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

  private HttpResponse<String> put(String name, String body) throws Exception {
    return fixture.send(
        fixture.request("/v1/workers/" + name, TestApi.ALICE).PUT(BodyPublishers.ofString(body)));
  }

  private Worker object(String name) {
    return fixture.kubernetes.resources(Worker.class).withName(name).get();
  }

  @Test
  void showsWhenAWorkerWasSeenAndHowItIsLabelled() throws Exception {
    Worker labelled = object("w1");
    labelled.getMetadata().setLabels(Map.of("zone", "a"));
    fixture.kubernetes.resource(labelled).update();

    JsonNode shown = json(fixture.get("/v1/workers/w1", TestApi.ALICE));

    assertThat(Instant.parse(shown.path("last_seen").asText())).isBefore(Instant.now());
    assertThat(shown.path("last_seen").asText()).isNotEqualTo("0001-01-01T00:00:00Z");
    assertThat(shown.path("labels").toString()).isEqualTo("{\"zone\":\"a\"}");
    assertThat(shown.path("defaultCPU").asInt()).isEqualTo(1);
    assertThat(shown.path("scheduling_paused").asBoolean(true)).isFalse();
  }

  @Test
  void pausesSchedulingAndGoesOn() throws Exception {
    HttpResponse<String> paused = put("w1", "{\"name\":\"other\",\"scheduling_paused\":true}");
    assertThat(paused.statusCode()).as(paused.body()).isEqualTo(200);
    assertThat(json(paused).path("scheduling_paused").asBoolean()).isTrue();
    assertThat(object("w1").specOrDefault().unschedulable()).isTrue();

    // Orchard's clients leave out what is false.
    assertThat(put("w1", "{\"name\":\"w1\"}").statusCode()).isEqualTo(200);
    assertThat(object("w1").specOrDefault().unschedulable()).isFalse();
    assertThat(put("none", "{}").statusCode()).isEqualTo(404);
    assertThat(put("w1", "{\"scheduling_paused\":1}").statusCode()).isEqualTo(400);
  }

  @Test
  void deletesAWorkerWhetherItIsThereOrNot() throws Exception {
    Worker gone = new Worker();
    gone.setMetadata(
        new io.fabric8.kubernetes.api.model.ObjectMetaBuilder().withName("gone").build());
    fixture.kubernetes.resource(gone).create();

    for (int i = 0; i < 2; i++) {
      HttpResponse<String> deleted = fixture.delete("/v1/workers/gone", TestApi.ALICE);
      assertThat(deleted.statusCode()).isEqualTo(200);
      assertThat(deleted.body()).isEmpty();
      assertThat(object("gone")).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET,    /v1/service-accounts,           ServiceAccount",
    "POST,   /v1/service-accounts,           ServiceAccount",
    "DELETE, /v1/service-accounts/a,         ServiceAccount",
    "GET,    /v1/cluster-settings,           chart",
    "PUT,    /v1/cluster-settings,           chart",
    "GET,    /v1/rpc/watch,                  worker port",
    "POST,   /v1/rpc/resolve-ip,             worker port",
    "POST,   /v1/workers,                    worker port",
    "PUT,    /v1/vms/a/state,                worker port",
    "POST,   /v1/vms/a/events,               worker port",
    "GET,    /v1/workers/w1/port-forward,    VMs",
    "PATCH,  /v1/vms/a,                      PATCH",
    "GET,    /v1/nonsense,                   /v1/nonsense"
  })
  void saysWhoseBusinessAMissingRouteIs(String method, String path, String word) throws Exception {
    HttpResponse<String> response =
        fixture.send(
            fixture.request(path, TestApi.ALICE).method(method, BodyPublishers.ofString("{}")));

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(json(response).path("message").asText()).contains(word);
  }

  @Test
  void greetsAnybodyAtTheRoot() throws Exception {
    for (String path : new String[] {"/v1", "/v1/"}) {
      HttpResponse<String> root = fixture.send(HttpRequest.newBuilder(fixture.uri(path)).GET());
      assertThat(root.statusCode()).isEqualTo(200);
      assertThat(root.body()).isEmpty();
    }
  }

  @Test
  void takesAServiceAccountsNameAndTokenAsOrchardsClientsSendThem() throws Exception {
    String basic =
        Base64.getEncoder()
            .encodeToString(("robot:" + TestApi.ALICE).getBytes(StandardCharsets.UTF_8));
    assertThat(
            fixture
                .send(
                    HttpRequest.newBuilder(fixture.uri("/v1/controller/info"))
                        .header("Authorization", "Basic " + basic)
                        .header("User-Agent", "Orchard/0.40.0-abcdef"))
                .statusCode())
        .isEqualTo(200);
    assertThat(
            fixture
                .send(
                    HttpRequest.newBuilder(fixture.uri("/v1/controller/info"))
                        .header("Authorization", "Basic " + basic + "AAAA"))
                .statusCode())
        .isEqualTo(401);
  }

  @Test
  void sendsAwayFromATrailingSlash() throws Exception {
    HttpResponse<String> list = fixture.get("/v1/namespaces/a/vms/", TestApi.ALICE);

    assertThat(list.statusCode()).isEqualTo(301);
    assertThat(list.headers().firstValue("Location")).contains("/v1/namespaces/a/vms");
  }
}
