package dev.orchard.controller.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WriteDeadlineTest {
  private final WriteDeadline deadline = new WriteDeadline(Duration.ofMillis(100));

  @AfterEach
  void stop() {
    deadline.close();
  }

  private static void hang() throws IOException {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  @Test
  void freesAWriteThatHangsAndLeavesNoInterruptBehind() {
    try (WriteDeadline.Guard guard = deadline.guard()) {
      assertThatThrownBy(() -> guard.write(WriteDeadlineTest::hang))
          .isInstanceOf(WriteDeadline.ExpiredException.class);
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void leavesAloneWhoeverIsNotWriting() throws Exception {
    try (WriteDeadline.Guard guard = deadline.guard()) {
      guard.write(() -> {});
      CountDownLatch never = new CountDownLatch(1);
      assertThat(never.await(400, java.util.concurrent.TimeUnit.MILLISECONDS)).isFalse();
      guard.write(() -> {});
    }
  }

  @Test
  void passesTheSocketsOwnFailuresOn() {
    try (WriteDeadline.Guard guard = deadline.guard()) {
      assertThatThrownBy(() ->
              guard.write(() -> {
                throw new java.io.UncheckedIOException(new IOException("gone"));
              }))
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(WriteDeadline.ExpiredException.class);
    }
  }
}
