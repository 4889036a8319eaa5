package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.it.Programs.Result;
import dev.orchard.it.StockClients.Exec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What clients of pods/exec get from a command in a VM, through the API server. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class StockClientScenarios {
  private final RuntimeChoice runtime;
  protected final String vm;
  protected DevSystem system;

  @SuppressWarnings("NullAway.Init")
  StockClientScenarios(RuntimeChoice runtime, String vm) {
    this.runtime = runtime;
    this.vm = vm;
  }

  @BeforeAll
  void createVm() throws Exception {
    system = DevSystem.with(runtime);
    Prerequisite.require(
        system.kubernetes().apiServices().withName("v1alpha1.subresources.orchard.dev").get()
            != null,
        "the API server cannot reach the controller: set KUBEBUILDER_ASSETS");
    new ExecClient(system).createVm(vm);
  }

  protected Exec shell(String script) {
    return Exec.of(system, vm, "sh", "-c", script);
  }

  @ParameterizedTest
  @EnumSource
  void getBothStreamsAndTheExitCode(StockClients client) throws Exception {
    Result result = client.run(system, shell("echo hi; echo oops >&2; exit 3"));
    assertThat(result.stdout()).isEqualTo("hi\n");
    assertThat(result.stderr()).startsWith("oops\n");
    assertThat(result.code()).as(result.stderr()).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource
  void sendStdinAndEndIt(StockClients client) throws Exception {
    // Only the end of stdin ends cat.
    Result result =
        client.run(system, shell("cat; echo ' and its end'").withStdin("some bytes, ü"));
    assertThat(result.stdout()).isEqualTo("some bytes, ü and its end\n");
    assertThat(result.code()).as(result.stderr()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void tellTheSizeOfTheirTerminal(StockClients client) throws Exception {
    Result result =
        client.run(
            system,
            shell("until [ \"$(stty size)\" = '40 120' ]; do sleep 0.1; done; tty -s && echo told")
                .withSize("40x120"));
    assertThat(result.stdout()).isEqualTo("told\r\n");
    assertThat(result.code()).as(result.stderr()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void seeASignalAsItsCode(StockClients client) throws Exception {
    assertThat(client.run(system, shell("kill -KILL $$")).code()).isEqualTo(137);
  }
}
