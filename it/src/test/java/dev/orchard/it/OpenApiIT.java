package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import java.io.IOException;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The OpenAPI document against the running controller, by schemathesis. */
class OpenApiIT {
  private static final String VM = "schemathesis";
  private static final Path CONFIGURATION =
      Path.of("clients", "python", "schemathesis.toml").toAbsolutePath();

  @Test
  void isWhatTheControllerDoes() throws Exception {
    Path python = ClientTools.python();
    DevSystem system = DevSystem.with(RuntimeChoice.PROCESS);
    ExecClient client = new ExecClient(system);
    client.createVm(VM);
    client.exec(VM, Map.of("command", List.of("true"), "name", VM + "-ended"));

    ProcessBuilder schemathesis =
        new ProcessBuilder(
            python.resolveSibling("st").toString(),
            "--config-file",
            CONFIGURATION.toString(),
            "run",
            system.url().resolve("/openapi").toString(),
            "--url",
            system.url().toString(),
            "--tls-verify",
            system.certificateAuthority().toString(),
            "--header",
            "Authorization: Bearer " + system.token(),
            "--phases",
            "examples,coverage,fuzzing",
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,"
                + "response_headers_conformance,response_schema_conformance",
            "--max-examples",
            "20",
            "--seed",
            "1",
            "--continue-on-failure",
            "--no-color");
    schemathesis.environment().put("NO_PROXY", "*");
    assertThat(run(schemathesis)).containsPattern("([0-9]+) generated, \\1 passed");
    client.send(client.request("/v1/vms/" + VM).DELETE(), BodyHandlers.discarding());
  }

  private static String run(ProcessBuilder program) throws IOException, InterruptedException {
    Process process = program.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
