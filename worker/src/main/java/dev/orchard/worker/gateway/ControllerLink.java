package dev.orchard.worker.gateway;

import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.gateway.LinkMailbox.Work;
import dev.orchard.worker.road.Road;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.StreamListener;
import dev.orchard.worker.vm.Uid;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link to one replica, dialled for ever by a thread of its own.
 *
 * <ol>
 *   <li>Connect; register; report every VM and session; say that this was all.
 *   <li>Report what changes, the latest state of each thing once; obey what comes; a heartbeat when
 *       there was nothing else to say.
 *   <li>When the link breaks or falls silent: wait 25 to 75 ms, begin again; twice as long after
 *       each attempt that leads nowhere, up to 2.5 to 7.5 s.
 * </ol>
 */
final class ControllerLink {
  private static final Logger log = LoggerFactory.getLogger(ControllerLink.class);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);

  /** Without a word from the replica, its link is dead. */
  private static final Duration SILENCE = Duration.ofSeconds(45);

  private static final long FIRST_RETRY_MILLIS = 50;
  private static final long LAST_RETRY_MILLIS = 5_000;

  /** Instructions that the replica may send ahead. */
  private static final int INSTRUCTIONS_AHEAD = 16;

  private final List<Road> roads;
  private final WorkerIdentity identity;
  private final Noticeboard board;
  private final Gateway gateway;
  private final RandomGenerator random = RandomGenerator.getDefault();
  private final LinkMailbox mailbox = new LinkMailbox();
  private final Thread thread;

  /** The link's thread alone; the first is tried first, and is the last that led anywhere. */
  private final Deque<Road> order;

  /**
   * @param roads to one replica, at least one
   */
  ControllerLink(List<Road> roads, WorkerIdentity identity, Noticeboard board, Gateway gateway) {
    this.roads = List.copyOf(roads);
    this.order = new ArrayDeque<>(roads);
    this.identity = identity;
    this.board = board;
    this.gateway = gateway;
    board.watch(mailbox);
    this.thread =
        Thread.ofVirtual().name("controller-" + roads.getFirst().address()).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
    roads.forEach(Road::close);
  }

  boolean isConnected() {
    return mailbox.isOpen();
  }

  /** Whether it is primary, or something else that it says of the worker, is not as it was. */
  void registerAgain() {
    mailbox.registerAgain();
  }

  private void run() {
    long retry = FIRST_RETRY_MILLIS;
    try {
      while (!Thread.interrupted()) {
        if (linked()) {
          retry = FIRST_RETRY_MILLIS;
        }
        Thread.sleep(retry / 2 + random.nextLong(retry));
        retry = Math.min(2 * retry, LAST_RETRY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("link is not looked after any more controller={}", roads.getFirst().address(), e);
    }
  }

  /** Takes one road after another; false if none led anywhere. */
  private boolean linked() throws InterruptedException {
    for (int i = 0; i < roads.size(); i++) {
      Road road = order.getFirst();
      if (road.reach() && serve(road)) {
        return true;
      }
      order.addLast(order.removeFirst());
    }
    return false;
  }

  /** True if the replica ever answered. */
  private boolean serve(Road road) throws InterruptedException {
    Incoming incoming = new Incoming();
    MessageStream<WorkerReport> stream = road.link(INSTRUCTIONS_AHEAD, incoming);
    mailbox.open();
    try {
      // Nobody is primary who has not got through.
      if (incoming.over) {
        return false;
      }
      stream.send(registration());
      board.repeat(mailbox);
      return converse(road, stream);
    } finally {
      incoming.left = true;
      stream.cancel("the worker ends the link");
      mailbox.close();
      gateway.release(this);
    }
  }

  private WorkerReport registration() {
    return Reports.register(identity, gateway.claim(this), board.diskPressure());
  }

  private boolean converse(Road road, MessageStream<WorkerReport> stream)
      throws InterruptedException {
    String replica = null;
    long sentAt = System.nanoTime();
    long heardAt = sentAt;
    while (true) {
      Work work = mailbox.next(stream::isReady, HEARTBEAT.minusNanos(System.nanoTime() - sentAt));
      long now = System.nanoTime();
      switch (work) {
        case Work.Obey(Instruction instruction) -> {
          heardAt = now;
          if (replica == null) {
            // The greeting comes first.
            replica = instruction.getGreeting().getReplica();
            log.info("linked controller={} replica={}", road.address(), replica);
          }
          obey(instruction, new Way(road, replica));
          stream.request(1);
        }
        case Work.Register() -> stream.send(registration());
        case Work.Report(WorkerReport report) -> {
          sentAt = now;
          stream.send(report);
        }
        case Work.Pause() -> {
          if (now - heardAt > SILENCE.toNanos()) {
            log.warn("controller fell silent address={}", road.address());
            return replica != null;
          }
          sentAt = now;
          if (stream.isReady()) {
            stream.send(Reports.HEARTBEAT);
          }
        }
        case Work.End(String why) -> {
          log.info(
              "link ended controller={} reason={}",
              road.address(),
              why == null ? "the replica has ended it" : why);
          return replica != null;
        }
      }
    }
  }

  /** Back to whoever instructs. */
  private record Way(Road road, String replica) {}

  private void obey(Instruction instruction, Way way) throws InterruptedException {
    try {
      switch (instruction.getInstructionCase()) {
        // It says so when it does not.
        case GREETING -> gateway.kubernetesReachable(this, true);
        case PUT_VM -> gateway.vms().put(Instructions.vm(instruction.getPutVm()));
        case DELETE_VM -> gateway.vms().delete(new Uid(instruction.getDeleteVm().getUid()));
        case START_EXEC -> {
          gateway.sessions().start(Instructions.session(instruction.getStartExec().getSpec()));
          if (instruction.getStartExec().hasAttachment()) {
            attach(instruction.getStartExec().getAttachment(), way);
          }
        }
        case ATTACH -> attach(instruction.getAttach(), way);
        case FORWARD ->
            gateway
                .forwards()
                .open(
                    Instructions.forward(instruction.getForward()),
                    listener -> way.road.rendezvous(way.replica, listener));
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
        case DRAINING -> gateway.handOver(this);
        // An instruction of a newer version.
        case HEARTBEAT, INSTRUCTION_NOT_SET -> {}
      }
    } catch (IllegalArgumentException e) {
      log.warn(
          "instruction is not obeyed controller={} reason={}", way.road.address(), e.getMessage());
    }
  }

  private void attach(Attachment attachment, Way way) {
    gateway
        .sessions()
        .attach(
            Instructions.attachment(attachment),
            listener -> Rendezvous.open(way.road, way.replica, attachment.getId(), listener));
  }

  /** What comes leaves word for the link's thread, as long as that listens to this stream. */
  private final class Incoming implements StreamListener<Instruction> {
    private volatile boolean over;
    private volatile boolean left;

    @Override
    public void ready() {
      mailbox.ready();
    }

    @Override
    public void received(Instruction instruction) {
      if (!left) {
        mailbox.instruct(instruction);
      }
    }

    @Override
    public void ended(@Nullable String failure) {
      over = true;
      if (!left) {
        mailbox.end(failure);
      }
    }
  }
}
