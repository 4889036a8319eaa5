package dev.orchard.worker.vm;

import dev.orchard.worker.guest.Guest;
import dev.orchard.worker.guest.GuestDialer;
import dev.orchard.worker.guest.GuestLink;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One VM: an inbox, and the one thread that reads it and owns the rest. Closing ends the thread and
 * leaves the machine running; {@link #end} ends both.
 */
final class Vm {
  private static final Logger log = LoggerFactory.getLogger(Vm.class);
  private static final int INBOX = 64;

  /** How soon it is noticed that a machine has ended by itself. */
  private static final Duration POLL = Duration.ofMillis(250);

  /** From the polite request to power off to the end of patience. */
  private static final Duration STOP_GRACE = Duration.ofSeconds(10);

  private sealed interface Message {
    record Put(VmSpec spec) implements Message {}

    record Delete() implements Message {}

    record GuestChanged(String bootId, @Nullable Guest guest) implements Message {}
  }

  private final Uid uid;
  private final VmFolder folder;
  private final List<VmRuntime> runtimes;
  private final GuestDialer dialer;
  private final VmListener listener;
  private final BlockingQueue<Message> inbox = new ArrayBlockingQueue<>(INBOX);
  private final Thread thread;

  private @Nullable VmSpec spec;
  private @Nullable Machine machine;
  private @Nullable GuestLink guestLink;
  private volatile VmStatus status;

  Vm(Uid uid, VmFolder folder, List<VmRuntime> runtimes, GuestDialer dialer, VmListener listener) {
    this.uid = uid;
    this.folder = folder;
    this.runtimes = runtimes;
    this.dialer = dialer;
    this.listener = listener;
    this.status = new VmStatus(uid, VmState.STOPPED, null, null, "");
    this.thread = Thread.ofVirtual().name("vm-" + uid).unstarted(this::run);
  }

  /** Takes up what an earlier daemon has left, before it returns, and begins to serve. */
  void start() throws InterruptedException {
    Optional<VmFolder.Kept> left = folder.kept();
    if (left.isPresent()) {
      recover(left.get());
    }
    thread.start();
  }

  VmStatus status() {
    return status;
  }

  void put(VmSpec wanted) throws InterruptedException {
    inbox.put(new Message.Put(wanted));
  }

  void delete() throws InterruptedException {
    inbox.put(new Message.Delete());
  }

  void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }

  /** As {@link #close}, with the machine powered off; a later daemon finds it stopped. */
  void end() throws InterruptedException {
    close();
    // Its thread is over: what that owned is ours.
    if (machine != null) {
      powerOff(Duration.ZERO);
      stopped();
    }
  }

  private void run() {
    try {
      while (status.state() != VmState.GONE) {
        Message message = inbox.poll(POLL.toMillis(), TimeUnit.MILLISECONDS);
        switch (message) {
          case null -> {}
          case Message.Put put -> apply(put.spec());
          case Message.Delete _ -> deleteNow();
          case Message.GuestChanged changed -> guestChanged(changed);
        }
        noticeEnd();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("vm is not looked after any more vm={}", uid, e);
    } finally {
      closeGuestLink();
    }
  }

  private void recover(VmFolder.Kept kept) throws InterruptedException {
    VmSpec known = kept.spec();
    spec = known;
    String bootId = kept.bootId();
    if (bootId == null) {
      publish(kept.failed() ? VmState.FAILED : VmState.STOPPED, null, kept.message());
      return;
    }
    Optional<Machine> found =
        runtime(known).flatMap(runtime -> runtime.adopt(known, bootId, folder));
    if (found.isPresent()) {
      log.info("vm adopted vm={} boot={}", uid, bootId);
      runs(found.get(), bootId);
    } else if (folder.process().isPresent()) {
      failed("the machine ended while its worker was away");
    } else {
      // The boot id was kept and no power-on followed: as good as off.
      stopped();
    }
  }

  private void apply(VmSpec wanted) throws InterruptedException {
    boolean changed = !wanted.equals(spec);
    spec = wanted;
    VmState state = status.state();
    if (wanted.running() && (state == VmState.STOPPED || (state == VmState.FAILED && changed))) {
      powerOn(wanted);
    } else if (!wanted.running() && state != VmState.STOPPED) {
      powerOff(STOP_GRACE);
      stopped();
    } else if (changed || state != VmState.RUNNING) {
      folder.keep(
          new VmFolder.Kept(wanted, status.bootId(), state == VmState.FAILED, status.message()));
      // As it is: who says it again may have missed it.
      listener.changed(status);
    }
  }

  private void powerOn(VmSpec wanted) throws InterruptedException {
    String bootId = UUID.randomUUID().toString();
    folder.forgetProcess();
    folder.keep(new VmFolder.Kept(wanted, bootId, false, ""));
    publish(VmState.STARTING, null, "");
    try {
      VmRuntime runtime =
          runtime(wanted)
              .orElseThrow(() ->
                  new MachineException(
                      "runtime '%s' is not one of this worker's: %s"
                          .formatted(
                              wanted.runtime(), runtimes.stream().map(VmRuntime::name).toList())));
      Machine started = runtime.start(wanted, bootId, folder);
      log.info("vm powered on vm={} name={} boot={}", uid, wanted.name(), bootId);
      runs(started, bootId);
    } catch (MachineException e) {
      failed(e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private void runs(Machine started, String bootId) throws InterruptedException {
    machine = started;
    publish(VmState.RUNNING, bootId, "");
    guestLink =
        dialer.open(
            "guest-" + uid,
            started.guestChannel(),
            guest -> inbox.put(new Message.GuestChanged(bootId, guest)));
  }

  private void noticeEnd() throws InterruptedException {
    Machine running = machine;
    if (running == null) {
      return;
    }
    if (running.alive()) {
      running.tend();
    } else {
      closeGuestLink();
      running.stop(Duration.ZERO);
      machine = null;
      failed("the machine ended by itself; its logs are in " + folder.path());
    }
  }

  private void guestChanged(Message.GuestChanged changed) throws InterruptedException {
    if (machine != null && changed.bootId().equals(status.bootId())) {
      status =
          new VmStatus(uid, status.state(), changed.bootId(), changed.guest(), status.message());
      listener.changed(status);
    }
  }

  private void powerOff(Duration grace) throws InterruptedException {
    closeGuestLink();
    Machine running = machine;
    if (running != null) {
      running.stop(grace);
      machine = null;
      log.info("vm powered off vm={}", uid);
    }
  }

  private void deleteNow() throws InterruptedException {
    powerOff(Duration.ZERO);
    folder.deleteAll();
    log.info("vm deleted vm={}", uid);
    publish(VmState.GONE, null, "");
  }

  private void stopped() throws InterruptedException {
    keep(false, "");
    publish(VmState.STOPPED, null, "");
  }

  private void failed(String why) throws InterruptedException {
    log.warn("vm failed vm={} reason={}", uid, why);
    keep(true, why);
    publish(VmState.FAILED, null, why);
  }

  private void keep(boolean failed, String message) {
    VmSpec known = spec;
    if (known != null) {
      folder.keep(new VmFolder.Kept(known, null, failed, message));
    }
  }

  private void publish(VmState state, @Nullable String bootId, String message)
      throws InterruptedException {
    status = new VmStatus(uid, state, bootId, null, message);
    listener.changed(status);
  }

  private Optional<VmRuntime> runtime(VmSpec wanted) {
    return wanted.runtime().isEmpty()
        ? runtimes.stream().findFirst()
        : runtimes.stream().filter(r -> r.name().equals(wanted.runtime())).findFirst();
  }

  private void closeGuestLink() {
    GuestLink link = guestLink;
    if (link != null) {
      guestLink = null;
      link.close();
    }
  }
}
