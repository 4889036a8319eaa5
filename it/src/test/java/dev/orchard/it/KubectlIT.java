package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.it.Programs.Result;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** VMs and execs as objects: applied, waited for, printed and refused by a real API server. */
@TestInstance(Lifecycle.PER_CLASS)
class KubectlIT {
  private static final String VM = "applied";

  private DevSystem system;

  @SuppressWarnings("NullAway.Init")
  KubectlIT() {}

  @BeforeAll
  void createVm() throws Exception {
    system = DevSystem.with(RuntimeChoice.PROCESS);
    apply(
        """
        apiVersion: orchard.dev/v1alpha1
        kind: VM
        metadata:
          name: applied
        spec:
          image: default
        """);
  }

  private Result kubectl(String... arguments) throws Exception {
    return Programs.kubectl(system, "", arguments);
  }

  private void apply(String manifest) throws Exception {
    Result result = Programs.kubectl(system, manifest, "apply", "-f", "-");
    assertThat(result.code()).as(result.stderr()).isZero();
  }

  private void applyExec(String name, String spec) throws Exception {
    apply(exec(name, spec));
  }

  private static String exec(String name, String spec) {
    return """
    apiVersion: orchard.dev/v1alpha1
    kind: VMExec
    metadata:
      name: %s
    spec:
    %s\
    """
        .formatted(name, spec.indent(2));
  }

  private JsonNode finished(String name) throws Exception {
    Result waited = kubectl("wait", "--for=condition=Finished", "vmexec/" + name, "--timeout=120s");
    assertThat(waited.code()).as(waited.stderr()).isZero();
    return ExecClient.parse(kubectl("get", "vmexec", name, "-o", "json").stdout()).path("status");
  }

  @Test
  void runsAnAppliedExecAndShowsItsOutcome() throws Exception {
    applyExec(
        "hello",
        """
        vmName: applied
        command: [sh, -c, "echo hello; echo oops >&2; exit 3"]
        output:
          tailBytes: 1024
        """);
    JsonNode status = finished("hello");
    assertThat(status.path("state").asText()).isEqualTo("Failed");
    assertThat(status.at("/exit/code").asInt(-1)).isEqualTo(3);
    assertThat(status.at("/exit/reason").asText()).isEqualTo("Exited");
    assertThat(status.at("/output/stdoutBytes").asInt()).isEqualTo(6);
    assertThat(status.at("/output/stderrBytes").asInt()).isEqualTo(5);
    assertThat(status.at("/output/tail").asText()).contains("hello").contains("oops");
    assertThat(status.at("/boundTo/workerName").asText()).isEqualTo("laptop");
    assertThat(kubectl("get", "vmexec", "hello").stdout())
        .containsPattern("NAME +VM +STATE +EXIT +COMMAND +AGE")
        .containsPattern("hello +applied +Failed +3 +sh ");
  }

  @Test
  void waitsForAVmThatComesLater() throws Exception {
    applyExec("early", "vmName: late\ncommand: [\"true\"]\n");
    apply(
        """
        apiVersion: orchard.dev/v1alpha1
        kind: VM
        metadata:
          name: late
        spec:
          image: default
        """);
    assertThat(finished("early").path("state").asText()).isEqualTo("Succeeded");
  }

  @Test
  void endsAnExecWhoseVmNeverComes() throws Exception {
    applyExec("never", "vmName: nobody-made-it\ncommand: [\"true\"]\nstartTimeoutSeconds: 1\n");
    JsonNode status = finished("never");
    assertThat(status.at("/exit/reason").asText()).isEqualTo("StartFailed");
    assertThat(status.toString()).contains("nobody-made-it");
  }

  @Test
  void cancelsAnExecByItsDesiredState() throws Exception {
    applyExec("cancelled", "vmName: applied\ncommand: [sleep, \"600\"]\n");
    kubectl("wait", "--for=condition=Started", "vmexec/cancelled", "--timeout=60s");
    kubectl(
        "patch",
        "vmexec",
        "cancelled",
        "--type=merge",
        "-p",
        "{\"spec\":{\"desiredState\":\"Cancelled\"}}");
    assertThat(finished("cancelled").at("/exit/reason").asText()).isEqualTo("Cancelled");
  }

  @Test
  void endsTheExecsOfADeletedVmAsLost() throws Exception {
    apply(
        """
        apiVersion: orchard.dev/v1alpha1
        kind: VM
        metadata:
          name: deleted
        spec:
          image: default
        """);
    applyExec("orphan", "vmName: deleted\ncommand: [sleep, \"600\"]\n");
    kubectl("wait", "--for=condition=Started", "vmexec/orphan", "--timeout=60s");
    Result deleted = kubectl("delete", "vm", "deleted", "--timeout=60s");
    assertThat(deleted.code()).as(deleted.stderr()).isZero();
    assertThat(finished("orphan").at("/exit/reason").asText()).isEqualTo("Lost");
  }

  /** Its offsets, its right and its boot are all of the VM that is gone. */
  @Test
  void neverRunsACommandInAnotherVmThatGetsTheName(@TempDir Path folder) throws Exception {
    String vm =
        """
        apiVersion: orchard.dev/v1alpha1
        kind: VM
        metadata:
          name: made-again
        spec:
          image: default
        """;
    apply(vm);
    applyExec("of-the-first", counting(folder.resolve("first"), "made-again"));
    kubectl("wait", "--for=condition=Started", "vmexec/of-the-first", "--timeout=60s");
    kubectl("delete", "vm", "made-again", "--timeout=60s");
    apply(vm);
    applyExec("of-the-second", counting(folder.resolve("second"), "made-again"));
    kubectl("wait", "--for=condition=Started", "vmexec/of-the-second", "--timeout=60s");
    assertThat(finished("of-the-first").at("/exit/reason").asText()).isEqualTo("Lost");
    assertThat(folder.resolve("first")).hasContent("run\n");
    assertThat(folder.resolve("second")).hasContent("run\n");
  }

  @Test
  void tellsAnExecFromAnotherOneThatGetsItsName(@TempDir Path folder) throws Exception {
    applyExec("twin", counting(folder.resolve("first"), VM));
    kubectl("wait", "--for=condition=Started", "vmexec/twin", "--timeout=60s");
    kubectl("delete", "vmexec", "twin", "--timeout=60s");
    applyExec(
        "twin",
        "vmName: applied\ncommand: [sh, -c, \"echo run >> %s\"]\n"
            .formatted(folder.resolve("second")));
    assertThat(finished("twin").path("state").asText()).isEqualTo("Succeeded");
    assertThat(folder.resolve("first")).hasContent("run\n");
    assertThat(folder.resolve("second")).hasContent("run\n");
  }

  /** On this runtime a guest's files are ours. */
  private static String counting(Path file, String vm) {
    return "vmName: %s\ncommand: [sh, -c, \"echo run >> %s; exec sleep 600\"]\n"
        .formatted(vm, file);
  }

  @Test
  void deletesAnExecWhenItsTimeIsOver() throws Exception {
    applyExec("short-lived", "vmName: applied\ncommand: [\"true\"]\nttlSecondsAfterFinished: 1\n");
    Result result = kubectl("wait", "--for=delete", "vmexec/short-lived", "--timeout=60s");
    assertThat(result.code()).as(result.stderr()).isZero();
  }

  @Test
  void printsVmsAndWorkers() throws Exception {
    kubectl("wait", "--for=condition=AgentConnected", "vm/" + VM, "--timeout=60s");
    assertThat(kubectl("get", "vms").stdout())
        .containsPattern("NAME +STATE +WORKER")
        .containsPattern("applied +Running +laptop");
    assertThat(kubectl("get", "workers").stdout())
        .containsPattern("NAME +READY")
        .containsPattern("laptop +True");
    assertThat(kubectl("get", "orchard").code()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          command: []               | command
          command: [x], vmName: ""  | vmName
          command: [x], timeoutSeconds: -1 | timeoutSeconds
          command: [x], disconnectPolicy: Maybe | disconnectPolicy
          command: [x], env: [{name: "a=b", value: c}] | env
          """)
  void refusesAnInvalidSpecAndNamesTheField(String spec, String field) throws Exception {
    String fields = spec.contains("vmName") ? spec : spec + ", vmName: applied";
    Result result =
        Programs.kubectl(
            system,
            """
            apiVersion: orchard.dev/v1alpha1
            kind: VMExec
            metadata:
              name: invalid
            spec: {%s}
            """
                .formatted(fields),
            "apply",
            "-f",
            "-");
    assertThat(result.code()).isNotZero();
    assertThat(result.stderr()).contains("spec." + field);
  }

  @Test
  void refusesToChangeWhatRuns() throws Exception {
    applyExec("fixed", "vmName: applied\ncommand: [\"true\"]\n");
    Result result =
        kubectl(
            "patch",
            "vmexec",
            "fixed",
            "--type=merge",
            "-p",
            "{\"spec\":{\"command\":[\"false\"]}}");
    assertThat(result.code()).isNotZero();
    assertThat(result.stderr()).contains("only desiredState");
  }

  @Test
  void showsAnExecOfTheHttpApiAsAnObjectOfTheCaller() throws Exception {
    ExecClient client = new ExecClient(system);
    String session = client.start(VM, Map.of("command", List.of("true")));
    String name = session.substring(session.lastIndexOf('/') + 1);
    assertThat(finished(name).path("state").asText()).isEqualTo("Succeeded");
  }
}
