package dev.orchard.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.crds.testing.ApiServer;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OnApiServerTest extends OperatorScenarios {
  @RegisterExtension static final ApiServer API = new ApiServer();

  @Override
  KubernetesClient client() {
    return API.client();
  }

  @Override
  String namespace() {
    return API.namespace("operator");
  }

  /** Not on the stand-in, which takes a status of any resource version. */
  @Test
  void whatHasBeenOvertakenIsNotWritten() {
    VMExec old = new VMExec();
    old.setMetadata(new ObjectMetaBuilder().withName("e").withNamespace(namespace()).build());
    old.setSpec(VMExecSpec.of("nobody", List.of("true")).build());
    VMExec created = client().resource(old).create();
    await()
        .until(() -> client().resource(created).require().statusOrEmpty().commandSummary() != null);
    VMExec newer = client().resource(created).require();

    created.setStatus(
        VMExecStatus.EMPTY.finished(
            VMExecExit.without(VMExecExitReason.LOST, "stale"), null, Fixtures.NOW, Fixtures.NOW));
    boolean written = Versioned.updateStatus(client(), created);
    Versioned.delete(client(), created);

    assertThat(written).isFalse();
    assertThat(client().resource(created).require()).isEqualTo(newer);
  }
}
