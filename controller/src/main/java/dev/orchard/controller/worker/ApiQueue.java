package dev.orchard.controller.worker;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One link's calls of the Kubernetes API, one at a time by one thread of its own, so that a slow
 * API holds up no link. Of several calls with one key only the newest is made; what fails is made
 * again with growing pauses until it succeeds or a newer one takes its place. Its size is bounded
 * by the number of keys: one for each object.
 */
final class ApiQueue implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ApiQueue.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private record Call(Runnable body, long dueNanos, int failures) {}

  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Thread thread;
  private volatile boolean closed;

  @GuardedBy("lock")
  private final Map<String, Call> calls = new LinkedHashMap<>();

  ApiQueue(String name) {
    this.name = name;
    this.thread = Thread.ofVirtual().name("api-queue-" + name).start(this::run);
  }

  /** Makes the call after {@code delay}, unless another one with this key comes before that. */
  void submit(String key, Duration delay, Runnable call) {
    lock.lock();
    try {
      long due = System.nanoTime() + delay.toNanos();
      Call waiting = calls.get(key);
      // A stream of changes must not put off the first one for ever.
      if (waiting != null && waiting.failures == 0) {
        due = Math.min(waiting.dueNanos - due, 0) + due;
      }
      calls.put(key, new Call(call, due, 0));
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      while (!closed) {
        Map.Entry<String, Call> next = take();
        try {
          next.getValue().body.run();
        } catch (KubernetesClientException e) {
          failed(next.getKey(), next.getValue(), e);
        } catch (RuntimeException e) {
          if (closed) {
            return;
          }
          log.error("api call dropped queue={} key={}", name, next.getKey(), e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Map.Entry<String, Call> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        Map.Entry<String, Call> first =
            calls.entrySet().stream()
                .min(Comparator.comparingLong(e -> e.getValue().dueNanos - System.nanoTime()))
                .orElse(null);
        if (first == null) {
          changed.await();
          continue;
        }
        long left = first.getValue().dueNanos - System.nanoTime();
        if (left <= 0) {
          calls.remove(first.getKey());
          return first;
        }
        changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private void failed(String key, Call call, KubernetesClientException failure) {
    int failures = call.failures + 1;
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(failures, 10));
    long due =
        System.nanoTime() + (pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE).toNanos();
    log.warn(
        "api call failed, will be repeated queue={} key={} failures={}: {}",
        name,
        key,
        failures,
        failure.getMessage());
    lock.lock();
    try {
      calls.putIfAbsent(key, new Call(call.body, due, failures));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
