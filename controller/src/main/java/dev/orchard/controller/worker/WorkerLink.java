package dev.orchard.controller.worker;

import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Draining;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.Forward;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.KubernetesState;
import dev.orchard.proto.worker.v1.LinkHeartbeat;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.StartExec;
import dev.orchard.proto.worker.v1.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker's link to this replica, from its registration to its end. One virtual thread owns it
 * and is the only one that sends; everybody else puts something into its bounded inbox.
 */
public final class WorkerLink {
  private static final Logger log = LoggerFactory.getLogger(WorkerLink.class);
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration LEASE_RENEWAL = Duration.ofSeconds(10);
  private static final int INBOX = 4096;

  /** What all links share. */
  record Shared(
      GatewaySettings settings,
      ClusterObjects objects,
      StatusWriter writer,
      KubernetesHealth health,
      InstantSource clock) {}

  private final String worker;
  private final Shared shared;
  private final WorkerStream<Instruction> stream;
  private final BlockingQueue<LinkInput> inbox = new LinkedBlockingQueue<>(INBOX);
  private final AtomicBoolean changed = new AtomicBoolean();
  private final ApiQueue api;
  private final ExecDispatch execs;
  private final VmDispatch vms;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean open = true;

  private volatile String diskPressure = "";

  // The link thread's own.
  private @Nullable Register register;
  private boolean synced;
  private boolean failedToSend;
  private boolean reachableTold = true;
  private Instant heard;
  private Instant sent;
  private Instant leaseRenewed = Instant.EPOCH;
  private Instant reconciled = Instant.EPOCH;

  WorkerLink(String worker, Shared shared, WorkerStream<Instruction> stream) {
    this.worker = worker;
    this.shared = shared;
    this.stream = stream;
    this.api = new ApiQueue(worker);
    this.execs =
        new ExecDispatch(
            worker, shared.objects, shared.writer, api, shared.clock, this::send, this::offer);
    this.vms =
        new VmDispatch(
            worker, shared.objects, shared.writer, api, shared.clock, this::send, this::offer);
    this.heard = shared.clock.instant();
    this.sent = heard;
  }

  /** The worker's name. */
  public String worker() {
    return worker;
  }

  /** Why it has no room for another session; empty while it has. */
  public String diskPressure() {
    return diskPressure;
  }

  /** Starts an exec that this replica has taken, with an attachment where there is a reader. */
  public boolean start(VMExec exec, @Nullable Attachment attachment) {
    ExecSpec spec =
        WorkerMessages.execSpec(
            exec, ClusterObjects.binding(exec).orElseThrow(), shared.clock.instant());
    StartExec.Builder start = StartExec.newBuilder().setSpec(spec);
    if (attachment != null) {
      start.setAttachment(attachment);
    }
    return offer(new LinkInput.Start(exec, Instruction.newBuilder().setStartExec(start).build()));
  }

  /** Asks for one rendezvous. */
  public boolean attach(Attachment attachment) {
    return offer(new LinkInput.Pass(Instruction.newBuilder().setAttach(attachment).build()));
  }

  /** Asks for a rendezvous that carries a connection to a port. */
  public boolean forward(Forward forward) {
    return offer(new LinkInput.Pass(Instruction.newBuilder().setForward(forward).build()));
  }

  /** Tells the worker that this replica goes away. */
  void drain() {
    offer(
        new LinkInput.Pass(
            Instruction.newBuilder().setDraining(Draining.getDefaultInstance()).build()));
  }

  /** Ends an exec whose object the caller knows to be gone. */
  public boolean cancel(String uid, String why) {
    return offer(new LinkInput.Pass(ExecDispatch.cancel(uid, why)));
  }

  /** How many read and write a session, as the worker last said; absent unless it runs. */
  public OptionalInt attachments(String uid) {
    return execs.attachments(uid);
  }

  /** Something outside changed; runs on anybody's thread. */
  void changed() {
    if (!changed.getAndSet(true)) {
      offer(new LinkInput.Changed());
    }
  }

  /** Puts something into the inbox; a link that cannot keep up is ended, and comes back fresh. */
  boolean offer(LinkInput input) {
    if (!open) {
      return false;
    }
    if (!inbox.offer(input)) {
      end(new StreamEnd(StreamEnd.Kind.OVERLOADED, "the link cannot keep up"));
      return false;
    }
    return true;
  }

  /** Ends the link from outside. */
  void end(StreamEnd reason) {
    open = false;
    stream.fail(reason);
    // Only to wake the owner: a full inbox does that by itself.
    var _ = inbox.offer(new LinkInput.Ended(reason.why()));
  }

  /** Waits until nothing is done for the link any more. */
  void awaitOver(Duration patience) throws InterruptedException {
    if (!over.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      log.warn("worker link did not end worker={}", worker);
    }
  }

  /** Serves the link until it ends. The caller's thread becomes its owner. */
  void serve(Register registration) throws InterruptedException {
    Runnable listener = this::changed;
    shared.objects.onChange(listener);
    try {
      registered(registration);
      while (open && !failedToSend) {
        LinkInput input = inbox.poll(TICK.toMillis(), TimeUnit.MILLISECONDS);
        if (input instanceof LinkInput.Ended) {
          break;
        }
        if (input != null) {
          handle(input);
        }
        tick();
      }
    } catch (InvalidFrameException e) {
      end(new StreamEnd(StreamEnd.Kind.INVALID, String.valueOf(e.getMessage())));
    } finally {
      open = false;
      shared.objects.forget(listener);
      api.close();
      stream.fail(new StreamEnd(StreamEnd.Kind.UNAVAILABLE, "the link is over"));
      over.countDown();
    }
  }

  private void registered(Register registration) {
    if (!registration.getWorker().equals(worker)) {
      end(
          new StreamEnd(
              StreamEnd.Kind.FORBIDDEN,
              "the token is of worker %s, not of %s".formatted(worker, registration.getWorker())));
      return;
    }
    register = registration;
    diskPressure = registration.getDiskPressure();
    log.info("worker registered worker={} primary={}", worker, registration.getPrimary());
    if (registration.getPrimary()) {
      api.submit("worker", Duration.ZERO, () -> shared.writer.registered(registration));
      leaseRenewed = Instant.EPOCH;
    }
  }

  private void handle(LinkInput input) {
    switch (input) {
      case LinkInput.Reported(WorkerReport report) -> {
        heard = shared.clock.instant();
        report(report);
        stream.request();
      }
      case LinkInput.Changed() -> {
        changed.set(false);
        reconcile();
      }
      case LinkInput.Pass(Instruction instruction) -> send(instruction);
      case LinkInput.Start(VMExec exec, Instruction start) -> {
        send(start);
        if (primary()) {
          execs.started(exec);
        }
      }
      case LinkInput.Stored(String uid) -> {
        execs.stored(uid);
        reconcile();
      }
      case LinkInput.Looked(String uid, VMExec found) -> {
        execs.looked(uid, found);
        reconcile();
      }
      case LinkInput.Confirmed(String uid, VMExec found) -> execs.confirmed(uid, found);
      case LinkInput.LookedForVm(String uid, boolean found) -> vms.looked(uid, found);
      case LinkInput.Ended(String why) -> {}
    }
  }

  private void report(WorkerReport report) {
    switch (report.getReportCase()) {
      case REGISTER -> registered(report.getRegister());
      case VM -> vms.reported(report.getVm());
      case EXEC -> execs.reported(report.getExec());
      case SYNCED -> {
        synced = true;
        log.info("worker synced worker={}", worker);
      }
      case HEARTBEAT, REPORT_NOT_SET -> {
        return;
      }
    }
    reconcile();
  }

  private void reconcile() {
    reconciled = shared.clock.instant();
    if (primary()) {
      vms.reconcile();
      execs.reconcile(synced);
    }
  }

  private boolean primary() {
    return register != null && register.getPrimary();
  }

  private void tick() {
    Instant now = shared.clock.instant();
    if (now.isAfter(heard.plus(shared.settings.silence()))) {
      end(new StreamEnd(StreamEnd.Kind.SILENT, "nothing was heard of the worker"));
      return;
    }
    if (now.isAfter(sent.plus(shared.settings.heartbeat()))) {
      send(Instruction.newBuilder().setHeartbeat(LinkHeartbeat.getDefaultInstance()).build());
    }
    boolean reachable = shared.health.reachable();
    if (reachable != reachableTold) {
      reachableTold = reachable;
      send(
          Instruction.newBuilder()
              .setKubernetes(KubernetesState.newBuilder().setReachable(reachable))
              .build());
    }
    if (primary() && now.isAfter(leaseRenewed.plus(LEASE_RENEWAL))) {
      leaseRenewed = now;
      api.submit("lease", Duration.ZERO, () -> shared.writer.renewLease(worker));
    }
    if (now.isAfter(reconciled.plus(TICK))) {
      reconcile();
    }
  }

  private void send(Instruction instruction) {
    try {
      if (!stream.send(instruction, shared.settings.silence())) {
        failedToSend = true;
      }
      sent = shared.clock.instant();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failedToSend = true;
    }
  }
}
