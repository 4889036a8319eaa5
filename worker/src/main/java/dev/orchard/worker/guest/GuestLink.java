package dev.orchard.worker.guest;

import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.InfoRequest;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the connection to the agent of one boot of a VM, in a thread of its own: connects,
 * asks who it is, asks again every few seconds and whenever a session suspects that it is gone.
 */
public final class GuestLink implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(GuestLink.class);

  /** How long an answer may take; a guest without KVM on a busy host is slow. */
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private static final Duration CHECK = Duration.ofSeconds(5);
  private static final Duration FIRST_RETRY = Duration.ofMillis(50);
  private static final Duration LAST_RETRY = Duration.ofSeconds(1);

  private final String name;
  private final Supplier<AgentChannel> dial;
  private final GuestListener listener;
  private final Semaphore suspicions = new Semaphore(0);
  private final Thread thread;

  private @Nullable AgentChannel agent;
  private @Nullable Guest known;
  private Duration retry = FIRST_RETRY;

  GuestLink(String name, Supplier<AgentChannel> dial, GuestListener listener) {
    this.name = name;
    this.dial = dial;
    this.listener = listener;
    this.thread = Thread.ofVirtual().name(name).start(this::run);
  }

  /** The listener may hear one more change while this returns. */
  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    try {
      while (!Thread.interrupted()) {
        if (ask()) {
          retry = FIRST_RETRY;
          suspicions.tryAcquire(CHECK.toMillis(), TimeUnit.MILLISECONDS);
          suspicions.drainPermits();
        } else {
          Thread.sleep(retry);
          retry =
              retry.multipliedBy(2).compareTo(LAST_RETRY) < 0 ? retry.multipliedBy(2) : LAST_RETRY;
        }
      }
    } catch (InterruptedException e) {
      // Closed: the thread ends.
    } catch (RuntimeException e) {
      log.error("guest is not looked after any more link={}", name, e);
    } finally {
      drop();
    }
  }

  private boolean ask() throws InterruptedException {
    try {
      AgentChannel open = agent;
      if (open == null) {
        open = dial.get();
        agent = open;
      }
      GuestAgentGrpc.GuestAgentBlockingStub stub =
          GuestAgentGrpc.newBlockingStub(open.channel()).withDeadlineAfter(ANSWER);
      InfoReply reply =
          (open.reconnects() ? stub.withWaitForReady() : stub)
              .info(InfoRequest.getDefaultInstance());
      answered(Guest.of(reply, open.channel(), suspicions::release));
      return true;
    } catch (StatusRuntimeException | IllegalArgumentException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedException();
      }
      unanswered(e);
      return false;
    }
  }

  private void answered(Guest guest) throws InterruptedException {
    if (known == null || !known.instance().equals(guest.instance())) {
      log.info("guest agent answers link={} instance={}", name, guest.instance());
      known = guest;
      listener.changed(guest);
    } else if (known.moved(guest)) {
      listener.changed(known);
    }
  }

  private void unanswered(Exception why) throws InterruptedException {
    log.debug("guest agent does not answer link={}", name, why);
    if (known != null) {
      log.info("guest agent does not answer any more link={} reason={}", name, why.toString());
      known = null;
      listener.changed(null);
    }
    if (agent != null && !agent.reconnects()) {
      drop();
    }
  }

  private void drop() {
    if (agent != null) {
      agent.close();
      agent = null;
    }
  }
}
