package dev.orchard.controller.orchard;

import dev.orchard.controller.session.FrameStream;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The frames of a session that nobody can come back to: it ends as soon as its client has gone
 * without having seen the exit.
 */
final class PlainStream implements FrameStream {
  private final FrameStream stream;
  private final Runnable abandon;
  private final AtomicBoolean done = new AtomicBoolean();

  PlainStream(FrameStream stream, Runnable abandon) {
    this.stream = stream;
    this.abandon = abandon;
  }

  @Override
  public Next next(Duration patience) throws InterruptedException {
    Next next = stream.next(patience);
    if (next instanceof Next.Arrived(Frame.Exit _)) {
      done.set(true);
    }
    return next;
  }

  @Override
  public void done() {
    stream.done();
  }

  @Override
  public boolean send(Frame.In frame, Duration patience) throws InterruptedException {
    return stream.send(frame, patience);
  }

  @Override
  public void wake() {
    stream.wake();
  }

  @Override
  public void close() {
    stream.close();
    if (done.compareAndSet(false, true)) {
      abandon.run();
    }
  }
}
