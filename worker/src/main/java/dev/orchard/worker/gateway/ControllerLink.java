package dev.orchard.worker.gateway;

import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.gateway.LinkMailbox.Work;
import dev.orchard.worker.stream.GrpcStream;
import dev.orchard.worker.vm.Uid;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link to one controller address, dialled for ever by a thread of its own.
 *
 * <ol>
 *   <li>Connect; register; report every VM and session; say that this was all.
 *   <li>Report what changes, the latest state of each thing once; obey what comes; a heartbeat when
 *       there was nothing else to say.
 *   <li>When the link breaks or falls silent: wait 1 to 10 s, begin again.
 * </ol>
 */
final class ControllerLink {
  private static final Logger log = LoggerFactory.getLogger(ControllerLink.class);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);

  /** Without a word from the replica, its link is dead. */
  private static final Duration SILENCE = Duration.ofSeconds(45);

  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final long FIRST_RETRY_MILLIS = 1_000;
  private static final long LAST_RETRY_MILLIS = 10_000;

  /** Instructions that the replica may send ahead. */
  private static final int INSTRUCTIONS_AHEAD = 16;

  private final String address;
  private final ManagedChannel channel;
  private final WorkerGatewayGrpc.WorkerGatewayStub replica;
  private final WorkerIdentity identity;
  private final Noticeboard board;
  private final Gateway gateway;
  private final RandomGenerator random = RandomGenerator.getDefault();
  private final LinkMailbox mailbox = new LinkMailbox();
  private final Thread thread;

  ControllerLink(
      String address,
      ManagedChannel channel,
      WorkerIdentity identity,
      Noticeboard board,
      Gateway gateway) {
    this.address = address;
    this.channel = channel;
    this.replica = WorkerGatewayGrpc.newStub(channel);
    this.identity = identity;
    this.board = board;
    this.gateway = gateway;
    board.watch(mailbox);
    this.thread = Thread.ofVirtual().name("controller-" + address).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
    channel.shutdownNow();
  }

  boolean isConnected() {
    return mailbox.isOpen();
  }

  /** It is primary from now on, and says so. */
  void promote() {
    mailbox.promote();
  }

  private void run() {
    long retry = FIRST_RETRY_MILLIS;
    try {
      while (!Thread.interrupted()) {
        if (awaitChannel() && serve()) {
          retry = FIRST_RETRY_MILLIS;
        }
        Thread.sleep(retry / 2 + random.nextLong(retry));
        retry = Math.min(2 * retry, LAST_RETRY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("link is not looked after any more controller={}", address, e);
    }
  }

  private boolean awaitChannel() throws InterruptedException {
    channel.resetConnectBackoff();
    long deadline = System.nanoTime() + CONNECT.toNanos();
    ConnectivityState state = channel.getState(true);
    while (state != ConnectivityState.READY) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        log.info("controller cannot be reached address={} state={}", address, state);
        return false;
      }
      CountDownLatch change = new CountDownLatch(1);
      channel.notifyWhenStateChanged(state, change::countDown);
      var _ = change.await(left, TimeUnit.NANOSECONDS);
      ConnectivityState next = channel.getState(true);
      if (state == ConnectivityState.CONNECTING && next == ConnectivityState.TRANSIENT_FAILURE) {
        log.info("controller cannot be reached address={} state={}", address, next);
        return false;
      }
      state = next;
    }
    return true;
  }

  /** True if the replica ever answered. */
  private boolean serve() throws InterruptedException {
    mailbox.open();
    boolean primary = gateway.claim(this);
    Stream stream = new Stream();
    try {
      replica.link(stream);
      stream.calls.onNext(Reports.register(identity, primary));
      board.repeat(mailbox);
      return converse(stream.calls);
    } finally {
      stream.calls.cancel("the worker ends the link", null);
      mailbox.close();
      gateway.release(this);
    }
  }

  private boolean converse(ClientCallStreamObserver<WorkerReport> calls)
      throws InterruptedException {
    boolean greeted = false;
    long sentAt = System.nanoTime();
    long heardAt = sentAt;
    while (true) {
      Work work = mailbox.next(calls::isReady, HEARTBEAT.minusNanos(System.nanoTime() - sentAt));
      long now = System.nanoTime();
      switch (work) {
        case Work.Obey(Instruction instruction) -> {
          heardAt = now;
          greeted = true;
          obey(instruction);
          calls.request(1);
        }
        case Work.Register() -> calls.onNext(Reports.register(identity, true));
        case Work.Report(WorkerReport report) -> {
          sentAt = now;
          calls.onNext(report);
        }
        case Work.Pause() -> {
          if (now - heardAt > SILENCE.toNanos()) {
            log.warn("controller fell silent address={}", address);
            return greeted;
          }
          sentAt = now;
          if (calls.isReady()) {
            calls.onNext(Reports.HEARTBEAT);
          }
        }
        case Work.End(Status why) -> {
          log.info("link ended controller={} reason={}", address, why);
          return greeted;
        }
      }
    }
  }

  private void obey(Instruction instruction) throws InterruptedException {
    try {
      switch (instruction.getInstructionCase()) {
        case GREETING -> {
          log.info(
              "linked controller={} replica={}", address, instruction.getGreeting().getReplica());
          // It says so when it does not.
          gateway.kubernetesReachable(this, true);
        }
        case PUT_VM -> gateway.vms().put(Instructions.vm(instruction.getPutVm()));
        case DELETE_VM -> gateway.vms().delete(new Uid(instruction.getDeleteVm().getUid()));
        case START_EXEC -> {
          gateway.sessions().start(Instructions.session(instruction.getStartExec().getSpec()));
          if (instruction.getStartExec().hasAttachment()) {
            attach(instruction.getStartExec().getAttachment());
          }
        }
        case ATTACH -> attach(instruction.getAttach());
        case FORWARD ->
            gateway
                .forwards()
                .open(
                    Instructions.forward(instruction.getForward()),
                    listener -> GrpcStream.open(replica::rendezvous, 0, listener));
        case CANCEL_EXEC ->
            gateway
                .sessions()
                .cancel(
                    new Uid(instruction.getCancelExec().getUid()),
                    instruction.getCancelExec().getMessage());
        case EXEC_STORED ->
            gateway.sessions().acknowledge(new Uid(instruction.getExecStored().getUid()));
        case KUBERNETES ->
            gateway.kubernetesReachable(this, instruction.getKubernetes().getReachable());
        // An instruction of a newer version.
        case HEARTBEAT, INSTRUCTION_NOT_SET -> {}
      }
    } catch (IllegalArgumentException e) {
      log.warn("instruction is not obeyed controller={} reason={}", address, e.getMessage());
    }
  }

  private void attach(Attachment attachment) {
    gateway
        .sessions()
        .attach(
            Instructions.attachment(attachment),
            listener -> Rendezvous.open(replica, attachment.getId(), listener));
  }

  /** The carriage of the link: its callbacks leave word for the link's thread. */
  private final class Stream implements ClientResponseObserver<WorkerReport, Instruction> {
    private ClientCallStreamObserver<WorkerReport> calls;

    @SuppressWarnings("NullAway.Init")
    Stream() {}

    @Override
    public void beforeStart(ClientCallStreamObserver<WorkerReport> requests) {
      calls = requests;
      requests.disableAutoRequestWithInitial(INSTRUCTIONS_AHEAD);
      requests.setOnReadyHandler(mailbox::ready);
    }

    @Override
    public void onNext(Instruction instruction) {
      mailbox.instruct(instruction);
    }

    @Override
    public void onError(Throwable why) {
      mailbox.end(Status.fromThrowable(why));
    }

    @Override
    public void onCompleted() {
      mailbox.end(Status.OK);
    }
  }
}
