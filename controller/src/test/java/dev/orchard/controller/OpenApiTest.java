package dev.orchard.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenApiTest {
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

  private JsonNode document() throws Exception {
    HttpResponse<String> response = fixture.get("/openapi", TestApi.ALICE);
    assertThat(response.statusCode()).isEqualTo(200);
    return Fixture.json(response);
  }

  @Test
  void describesExactlyWhatIsServed() throws Exception {
    Set<String> described = new TreeSet<>();
    for (var path : document().path("paths").properties()) {
      for (var item : path.getValue().properties()) {
        if (item.getValue().has("operationId")) {
          described.add(item.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
        }
      }
    }
    // The API server describes what goes through it; and what Orchard has and we have not is
    // refused alike, whatever the method.
    Set<String> served =
        fixture.controller.routes().stream()
            .filter(route -> !route.matches("(\\S+ (/apis|/openapi/v).*)|([*] .*)"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(described).isEqualTo(served);
  }

  @Test
  void namesEveryOperationOnceAndEveryReferenceIsThere() throws Exception {
    JsonNode document = document();
    assertThat(document.path("openapi").asText()).isEqualTo("3.1.0");
    assertThat(document.findValuesAsText("operationId")).doesNotHaveDuplicates();
    assertThat(document.findValuesAsText("$ref"))
        .isNotEmpty()
        .allSatisfy(
            reference -> assertThat(document.at(reference.substring(1)).isMissingNode()).isFalse());
  }

  @Test
  void isThereAsYamlTooAndForThoseWhomTheClusterKnows() throws Exception {
    HttpResponse<String> yaml =
        fixture.send(
            fixture.request("/openapi", TestApi.ALICE).header("Accept", "application/yaml").GET());
    assertThat(yaml.headers().firstValue("Content-Type")).contains("application/yaml");
    assertThat(yaml.body()).contains("openapi: \"3.1.0\"");
    assertThat(fixture.get("/openapi", "rubbish").statusCode()).isEqualTo(401);
    assertThat(fixture.send(HttpRequest.newBuilder(fixture.uri("/openapi")).GET()).statusCode())
        .isEqualTo(401);
  }
}
