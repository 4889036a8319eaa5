package dev.orchard.controller;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A replica in a cluster: settings from the environment, credentials from its ServiceAccount. */
public final class Main {
  private static final Logger log = LoggerFactory.getLogger(Main.class);

  private Main() {}

  /** Runs until it is told to stop. */
  public static void main(String[] arguments) throws InterruptedException {
    ControllerSettings settings = ControllerSettings.of(System.getenv());
    log.info("controller starts version={} settings={}", Controller.VERSION, settings);
    KubernetesClient own = new KubernetesClientBuilder().build();
    Controller controller = Controller.start(settings, own);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  controller.close();
                  own.close();
                  stopped.countDown();
                },
                "shutdown"));
    stopped.await();
  }
}
