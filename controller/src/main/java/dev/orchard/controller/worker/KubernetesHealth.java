package dev.orchard.controller.worker;

import dev.orchard.controller.auth.KubernetesApi;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether this replica reaches the Kubernetes API, asked every 5 s by one thread of its own. */
public final class KubernetesHealth implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KubernetesHealth.class);
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  /** One attempt that fails within 5 s: what is behind it retries by itself, and sooner. */
  static final RequestConfig PROMPT =
      new RequestConfigBuilder().withRequestRetryBackoffLimit(0).withRequestTimeout(5_000).build();

  private final KubernetesClient own;
  private final Runnable changed;
  private final Thread thread;
  private volatile boolean reachable = true;

  /** Calls {@code changed} on its own thread whenever {@link #reachable()} changes. */
  public KubernetesHealth(KubernetesClient own, Runnable changed) {
    this.own = own;
    this.changed = changed;
    this.thread = Thread.ofVirtual().name("kubernetes-health").start(this::run);
  }

  /** As of the last time it was asked; true at first. */
  public boolean reachable() {
    return reachable;
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(INTERVAL);
        boolean now = probe();
        if (now != reachable) {
          reachable = now;
          log.warn("kubernetes api reachable={}", now);
          changed.run();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean probe() {
    try {
      own.adapt(NamespacedKubernetesClient.class)
          .withRequestConfig(PROMPT)
          .call(KubernetesClient::getKubernetesVersion);
      return true;
    } catch (KubernetesClientException e) {
      return KubernetesApi.answered(e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
