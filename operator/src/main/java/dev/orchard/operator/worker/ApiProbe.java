package dev.orchard.operator.worker;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the API server for its version again and again, on a thread of its own. */
public final class ApiProbe implements AutoCloseable {
  /** Between two questions. */
  public static final Duration PERIOD = Duration.ofSeconds(5);

  /** Three questions without an answer are a break. */
  public static final Duration LONGEST_PAUSE = PERIOD.multipliedBy(3);

  private static final Logger log = LoggerFactory.getLogger(ApiProbe.class);

  private final KubernetesClient client;
  private final Connectivity connectivity;
  private final Thread thread;

  private ApiProbe(KubernetesClient client, Connectivity connectivity) {
    this.client = client;
    this.connectivity = connectivity;
    this.thread = Thread.ofVirtual().name("api-probe").unstarted(this::run);
  }

  /** Has asked once when it returns. */
  public static ApiProbe start(KubernetesClient client, Connectivity connectivity) {
    ApiProbe probe = new ApiProbe(client, connectivity);
    probe.ask();
    probe.thread.start();
    return probe;
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(PERIOD);
        ask();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void ask() {
    try {
      client.getKubernetesVersion();
      connectivity.probed(true);
    } catch (KubernetesClientException e) {
      log.warn(
          "kubernetes api not reached cause={}",
          e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
      connectivity.probed(false);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
