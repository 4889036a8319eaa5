package dev.orchard.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.util.HashMap;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

@SuppressWarnings("NullAway.Init")
class OnStandInTest extends OperatorScenarios {
  private KubernetesMockServer server;
  private KubernetesClient client;

  @Override
  @BeforeEach
  void start() {
    server =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesCrudDispatcher(List.of()),
            true);
    server.init();
    client = server.createClient();
    super.start();
  }

  @Override
  @AfterEach
  void stop() {
    super.stop();
    client.close();
    server.destroy();
  }

  @Override
  KubernetesClient client() {
    return client;
  }

  @Override
  String namespace() {
    return "ns-" + UUID.randomUUID();
  }
}
