package dev.orchard.exec.link;

import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives a {@link FramedLink} over carriers that are opened again whenever they break: a thread
 * that reads, one that writes and one that keeps the time. Nothing blocks under the lock: the
 * writer takes bytes under it and writes them without, events go to the calls' own executors.
 */
final class LinkConnection implements AutoCloseable {
  /** What runs over one stream. */
  interface Call {
    SerialExecutor callbacks();

    /** Runs on {@link #callbacks}, in order; {@link LinkEvent.Closed} comes last. */
    void handle(LinkEvent event);
  }

  /** The guest's side: makes calls of what the host opens; empty for an unknown method. */
  @FunctionalInterface
  interface Acceptor {
    Optional<Call> accept(LinkStream stream, String method);
  }

  private static final Logger LOG = LoggerFactory.getLogger(LinkConnection.class);
  private static final long REOPEN_MILLIS = 100;
  private static final Duration THREAD_END = Duration.ofSeconds(1);

  private final String name;
  private final Carrier.Opener opener;
  private final Acceptor acceptor;
  private final long origin = System.nanoTime();
  private final List<Thread> threads;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition writable = lock.newCondition();
  private final Condition timer = lock.newCondition();
  // Guarded by the lock.
  private final FramedLink link;
  private final Map<LinkStream, Call> calls = new HashMap<>();
  private @Nullable Carrier carrier;
  private boolean closed;
  private boolean wasUp;
  private long timerAt;

  private LinkConnection(
      String name,
      Carrier.Opener opener,
      FramedLink link,
      Acceptor acceptor,
      Thread.Builder threads) {
    this.name = name;
    this.opener = opener;
    this.link = link;
    this.acceptor = acceptor;
    this.threads =
        List.of(
            threads.name("link-read-" + name).unstarted(this::read),
            threads.name("link-write-" + name).unstarted(this::write),
            Thread.ofVirtual().name("link-time-" + name).unstarted(this::keepTime));
  }

  static LinkConnection host(String name, Carrier.Opener opener) {
    return new LinkConnection(
        name,
        opener,
        FramedLink.host(new Random()),
        (stream, method) -> Optional.empty(),
        Thread.ofVirtual());
  }

  static LinkConnection guest(String name, Carrier.Opener opener, Acceptor acceptor) {
    // A read of a device would hold a virtual thread's carrier for as long as it blocks.
    return new LinkConnection(
        name, opener, FramedLink.guest(new Random()), acceptor, Thread.ofPlatform().daemon(true));
  }

  LinkConnection start() {
    threads.forEach(Thread::start);
    return this;
  }

  /** Host: starts a call, which learns its stream before its first event. */
  void open(
      Call call, Consumer<LinkStream> opened, String method, long timeoutNanos, boolean waits) {
    step(core -> {
      long deadline =
          timeoutNanos == Long.MAX_VALUE ? Long.MAX_VALUE : now() + Math.max(0, timeoutNanos);
      LinkStream stream = core.open(method, deadline, waits);
      calls.put(stream, call);
      opened.accept(stream);
    });
  }

  /** Tells the core something; what follows from it is under way when this returns. */
  void step(Consumer<FramedLink> input) {
    List<SerialExecutor> touched;
    lock.lock();
    try {
      input.accept(link);
      touched = deliver();
      if (link.hasOutput()) {
        writable.signal();
      }
      if (link.nextTick() < timerAt) {
        timer.signal();
      }
    } finally {
      lock.unlock();
    }
    touched.forEach(SerialExecutor::schedule);
  }

  boolean ask(Predicate<FramedLink> question) {
    lock.lock();
    try {
      return question.test(link);
    } finally {
      lock.unlock();
    }
  }

  private List<SerialExecutor> deliver() {
    if (link.isUp() != wasUp) {
      wasUp = link.isUp();
      LOG.info("link {} link={}", wasUp ? "up" : "down", name);
    }
    List<SerialExecutor> touched = new ArrayList<>();
    for (LinkEvent event : link.events()) {
      LinkStream stream = event.stream();
      if (event instanceof LinkEvent.Opened(_, String method)) {
        acceptor
            .accept(stream, method)
            .ifPresentOrElse(
                call -> calls.put(stream, call),
                () -> link.close(stream, Status.UNIMPLEMENTED.withDescription(method)));
      }
      Call call = event instanceof LinkEvent.Closed ? calls.remove(stream) : calls.get(stream);
      if (call != null) {
        call.callbacks().add(() -> call.handle(event));
        touched.add(call.callbacks());
      }
    }
    return touched;
  }

  private long now() {
    return System.nanoTime() - origin;
  }

  private void read() {
    byte[] buffer = new byte[2 * LinkFrame.MAX_ENCODED];
    while (!isClosed()) {
      try (Carrier opened = opener.open()) {
        attach(opened);
        try {
          int count = opened.input().read(buffer);
          while (count >= 0 && !isClosed()) {
            int length = count;
            step(core -> core.received(buffer, 0, length, now()));
            count = opened.input().read(buffer);
          }
        } finally {
          detach();
        }
      } catch (IOException e) {
        LOG.debug("no carrier, another try follows link={}", name, e);
      }
      pause();
    }
  }

  private void attach(Carrier opened) {
    step(core -> {
      carrier = opened;
      core.carrierOpened(now());
    });
  }

  private void detach() {
    step(core -> {
      carrier = null;
      core.carrierLost();
    });
  }

  private void pause() {
    try {
      Thread.sleep(REOPEN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write() {
    Batch batch = new Batch();
    try {
      while (awaitOutput()) {
        step(batch::fill);
        batch.send();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** False once closed. */
  private boolean awaitOutput() throws InterruptedException {
    lock.lock();
    try {
      while (!closed && (carrier == null || !link.hasOutput())) {
        writable.await();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Taken under the lock for one carrier, written without it. */
  private final class Batch {
    private final byte[] bytes = new byte[2 * LinkFrame.MAX_ENCODED];
    private int length;
    private @Nullable Carrier target;

    void fill(FramedLink core) {
      target = carrier;
      length = target == null ? 0 : core.write(bytes);
    }

    void send() {
      if (target == null) {
        return;
      }
      try {
        target.output().write(bytes, 0, length);
      } catch (IOException e) {
        LOG.debug("carrier broke link={}", name, e);
        abandon(target);
      }
    }
  }

  /** The reader finds out and opens another one. */
  private void abandon(Carrier broken) {
    lock.lock();
    try {
      if (broken.equals(carrier)) {
        carrier = null;
      }
    } finally {
      lock.unlock();
    }
    closeQuietly(broken);
  }

  private void closeQuietly(Carrier broken) {
    try {
      broken.close();
    } catch (IOException e) {
      LOG.debug("carrier did not close link={}", name, e);
    }
  }

  private void keepTime() {
    try {
      while (!isClosed()) {
        step(core -> core.tick(now()));
        lock.lock();
        try {
          timerAt = link.nextTick();
          long wait = timerAt - now();
          if (wait > 0 && !closed) {
            timer.await(wait, TimeUnit.NANOSECONDS);
          }
          timerAt = 0;
        } finally {
          lock.unlock();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Ends every call and, but for a read of a device that nothing can end, every thread. */
  @Override
  public void close() {
    step(core -> {
      closed = true;
      core.shut();
      writable.signalAll();
      timer.signalAll();
      if (carrier != null) {
        closeQuietly(carrier);
      }
    });
    threads.forEach(Thread::interrupt);
    try {
      for (Thread thread : threads) {
        thread.join(THREAD_END);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
