package dev.orchard.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.OperatorException;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The operator as a process of its own, with the credentials of its pod or of a kubeconfig. */
public final class Main {
  private static final Logger log = LoggerFactory.getLogger(Main.class);

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    OperatorSettings settings = OperatorSettings.from(System.getenv());
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stop.countDown();
                  try {
                    stopped.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                },
                "stop"));
    boolean failed = false;
    try (KubernetesClient client = new KubernetesClientBuilder().build();
        Operator _ = Operator.start(client, settings)) {
      log.info("operator started settings={}", settings);
      stop.await();
    } catch (OperatorException | KubernetesClientException e) {
      log.error("operator ended: see that the API server is reached and the CRDs are applied", e);
      failed = true;
    } finally {
      stopped.countDown();
    }
    if (failed) {
      // Threads of the SDK outlive a start that failed.
      System.exit(1);
    }
  }
}
