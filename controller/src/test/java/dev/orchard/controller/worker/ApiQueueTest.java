package dev.orchard.controller.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ApiQueueTest {
  private final List<String> made = new CopyOnWriteArrayList<>();

  @Test
  void makesOnlyTheNewestOfSeveralCallsWithOneKey() throws Exception {
    try (ApiQueue queue = new ApiQueue("test")) {
      CountDownLatch busy = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      queue.submit(
          "first",
          Duration.ZERO,
          () -> {
            busy.countDown();
            awaitQuietly(go);
          });
      busy.await();
      queue.submit("a", Duration.ZERO, () -> made.add("a1"));
      queue.submit("b", Duration.ZERO, () -> made.add("b1"));
      queue.submit("a", Duration.ZERO, () -> made.add("a2"));
      go.countDown();

      await().until(() -> made.size() == 2);
      assertThat(made).containsExactlyInAnyOrder("a2", "b1");
    }
  }

  @Test
  void isNotHeldBackByAStreamOfLaterCalls() {
    try (ApiQueue queue = new ApiQueue("test")) {
      queue.submit("a", Duration.ZERO, () -> made.add("soon"));
      queue.submit("a", Duration.ofHours(1), () -> made.add("newest"));

      await().until(() -> !made.isEmpty());
    }
  }

  @Test
  void repeatsWhatFailsAndNotWhatIsBroken() {
    try (ApiQueue queue = new ApiQueue("test")) {
      queue.submit(
          "flaky",
          Duration.ZERO,
          () -> {
            made.add("try");
            if (made.size() < 3) {
              throw new KubernetesClientException("away");
            }
          });
      await().until(() -> made.size() == 3);
      queue.submit(
          "broken",
          Duration.ZERO,
          () -> {
            made.add("broken");
            throw new IllegalStateException("a defect");
          });
      queue.submit("after", Duration.ofMillis(1), () -> made.add("after"));

      await().until(() -> made.contains("after"));
      assertThat(made).containsOnlyOnce("broken");
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
