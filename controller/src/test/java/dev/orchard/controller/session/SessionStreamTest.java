package dev.orchard.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.controller.worker.Rendezvous;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SessionStreamTest {
  @Test
  void wakingItOverAndOverFillsNothing() throws Exception {
    SessionStream stream =
        new SessionStream(new Rendezvous(), "w1", false, null, new OpenStreams());
    for (int i = 0; i < 1_000; i++) {
      stream.wake();
    }
    stream.drain();

    assertThat(stream.next(Duration.ZERO)).isInstanceOf(FrameStream.Next.Nothing.class);
    assertThat(stream.next(Duration.ZERO))
        .isInstanceOfSatisfying(
            FrameStream.Next.Arrived.class,
            next ->
                assertThat(next.frame())
                    .isInstanceOfSatisfying(
                        Frame.Failure.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.DRAINING)));
  }

  @Test
  void itIsWokenAgainAfterItWasWoken() throws Exception {
    SessionStream stream =
        new SessionStream(new Rendezvous(), "w1", false, null, new OpenStreams());
    stream.wake();
    var _ = stream.next(Duration.ZERO);
    Thread.ofVirtual().start(stream::wake);

    assertThat(stream.next(Duration.ofDays(1))).isInstanceOf(FrameStream.Next.Nothing.class);
  }
}
