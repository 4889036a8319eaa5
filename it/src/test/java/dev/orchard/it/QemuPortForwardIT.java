package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

/** Programs in a virtual machine that has nothing but its loopback. */
class QemuPortForwardIT extends PortForwardScenarios {
  QemuPortForwardIT() {
    super(RuntimeChoice.QEMU, "ports-qemu");
  }

  @Test
  void hasNoAddressAndSaysWhatToUseInstead() throws Exception {
    HttpResponse<String> response = address();

    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(ExecClient.parse(response.body()).path("message").asText())
        .contains("use port-forward");
  }
}
