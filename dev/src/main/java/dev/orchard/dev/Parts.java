package dev.orchard.dev;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What has been started so far; ended in the opposite order, each whatever becomes of the rest. */
final class Parts implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Parts.class);

  private record Part(String name, AutoCloseable handle) {}

  private final Deque<Part> started = new ArrayDeque<>();

  <T extends AutoCloseable> T add(String name, T part) {
    started.push(new Part(name, part));
    return part;
  }

  @Override
  public void close() {
    boolean interrupted = false;
    while (!started.isEmpty()) {
      Part part = started.pop();
      try {
        part.handle().close();
        log.info("ended part={}", part.name());
      } catch (InterruptedException e) {
        interrupted = true;
        log.warn("interrupted while ending part={}", part.name());
      } catch (Exception e) {
        log.warn("ending it failed part={}", part.name(), e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
