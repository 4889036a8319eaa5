package dev.orchard.worker.gateway;

import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.Greeting;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.gateway.LinkMailbox.Work;
import dev.orchard.worker.road.Liveness;
import dev.orchard.worker.road.Place;
import dev.orchard.worker.road.Road;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.StreamListener;
import dev.orchard.worker.vm.Uid;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt at a link to a replica, and the link that comes of it, by a thread of its own.
 *
 * <ol>
 *   <li>Connect; the replica greets. If it is linked already, leave.
 *   <li>Register; report every VM and session; say that this was all.
 *   <li>Report what changes, the latest state of each thing once; obey what comes; a heartbeat when
 *       there was nothing else to say.
 *   <li>When the link breaks or falls silent, it is over: its search begins another one.
 * </ol>
 */
final class ControllerLink {
  private static final Logger log = LoggerFactory.getLogger(ControllerLink.class);

  /** For a replica that is there to greet: it asks the Kubernetes API who calls. */
  private static final Duration GREETING = Duration.ofSeconds(20);

  /** Instructions that the replica may send ahead. */
  private static final int INSTRUCTIONS_AHEAD = 16;

  /** What came of it. */
  enum Attempt {
    /** There was a link. */
    LINKED,
    /** Another link leads to the same replica. */
    KNOWN,
    NOBODY
  }

  private final Place place;
  private final List<Road> roads;
  private final int first;
  private final ReplicaSearch search;
  private final WorkerIdentity identity;
  private final Noticeboard board;
  private final Liveness liveness;
  private final Gateway gateway;
  private final Thread thread;

  /** Of the road that is taken. */
  private volatile LinkMailbox mailbox = new LinkMailbox();

  private volatile Greeting greeting = Greeting.getDefaultInstance();

  /** Also where it ends by an exception; of the thread alone. */
  private Attempt attempt = Attempt.NOBODY;

  /**
   * @param roads to the place, at least one; are closed in the end
   * @param first which of them to try first
   */
  ControllerLink(
      Place place,
      List<Road> roads,
      int first,
      ReplicaSearch search,
      WorkerIdentity identity,
      Noticeboard board,
      Liveness liveness,
      Gateway gateway) {
    this.place = place;
    this.roads = List.copyOf(roads);
    this.first = first;
    this.search = search;
    this.identity = identity;
    this.board = board;
    this.liveness = liveness;
    this.gateway = gateway;
    this.thread = Thread.ofVirtual().name("controller-" + place).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }

  Place place() {
    return place;
  }

  /** As the replica said it last; empty before it did. */
  Greeting greeting() {
    return greeting;
  }

  /** Registered, and not over. */
  boolean isUp() {
    return mailbox.isOpen();
  }

  /** Whether it is primary, or something else that it says of the worker, is not as it was. */
  void registerAgain() {
    mailbox.registerAgain();
  }

  private void run() {
    try {
      attempt = attempt();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("link broke controller={}", place, e);
    } finally {
      search.over(this, attempt);
      roads.forEach(Road::close);
    }
  }

  /** Takes one road after another. */
  private Attempt attempt() throws InterruptedException {
    for (int i = 0; i < roads.size(); i++) {
      int number = (first + i) % roads.size();
      Road road = roads.get(number);
      if (road.reach()) {
        Attempt served = serve(road, number);
        if (served != Attempt.NOBODY) {
          return served;
        }
      }
    }
    return Attempt.NOBODY;
  }

  private Attempt serve(Road road, int number) throws InterruptedException {
    mailbox = new LinkMailbox();
    MessageStream<WorkerReport> stream = road.link(INSTRUCTIONS_AHEAD, new Incoming(mailbox));
    try {
      if (!awaitGreeting()) {
        return Attempt.NOBODY;
      }
      stream.request(1);
      if (!gateway.add(this)) {
        return Attempt.KNOWN;
      }
      try {
        log.info("linked controller={} replica={}", place, greeting.getReplica());
        mailbox.open();
        board.watch(mailbox);
        attempt = Attempt.LINKED;
        search.found(place, number);
        stream.send(registration());
        board.repeat(mailbox);
        gateway.kubernetesReachable(this, true);
        converse(road, stream);
      } finally {
        board.forget(mailbox);
        mailbox.close();
        gateway.remove(this);
      }
      return Attempt.LINKED;
    } finally {
      stream.cancel("the worker ends the link");
    }
  }

  /** False if the replica says anything else first, or nothing. */
  private boolean awaitGreeting() throws InterruptedException {
    switch (mailbox.next(() -> false, GREETING)) {
      case Work.Obey(Instruction instruction) when instruction.hasGreeting() -> {
        greeting = instruction.getGreeting();
        return true;
      }
      case Work.End(String why) -> log.info("no link controller={} reason={}", place, why);
      case Work.Obey _, Work.Register _, Work.Report _, Work.Pause _ ->
          log.warn("no link controller={} reason=it does not greet", place);
    }
    return false;
  }

  private WorkerReport registration() {
    return Reports.register(identity, gateway.claim(this), board.diskPressure());
  }

  private void converse(Road road, MessageStream<WorkerReport> stream) throws InterruptedException {
    Way way = new Way(road, greeting.getReplica());
    long sentAt = System.nanoTime();
    long heardAt = sentAt;
    while (true) {
      Work work =
          mailbox.next(
              stream::isReady, liveness.heartbeat().minusNanos(System.nanoTime() - sentAt));
      long now = System.nanoTime();
      if (work instanceof Work.Obey) {
        heardAt = now;
      } else if (now - heardAt > liveness.silence().toNanos()) {
        // However much there is to report.
        log.warn("controller fell silent address={}", place);
        return;
      }
      switch (work) {
        case Work.Obey(Instruction instruction) -> {
          obey(instruction, way);
          stream.request(1);
        }
        case Work.Register() -> stream.send(registration());
        case Work.Report(WorkerReport report) -> {
          sentAt = now;
          stream.send(report);
        }
        case Work.Pause() -> {
          sentAt = now;
          if (stream.isReady()) {
            stream.send(Reports.HEARTBEAT);
          }
        }
        case Work.End(String why) -> {
          log.info(
              "link ended controller={} reason={}",
              place,
              why == null ? "the replica has ended it" : why);
          return;
        }
      }
    }
  }

  /** Back to whoever instructs. */
  private record Way(Road road, String replica) {}

  private void obey(Instruction instruction, Way way) throws InterruptedException {
    try {
      switch (instruction.getInstructionCase()) {
        case GREETING -> {
          greeting = instruction.getGreeting();
          gateway.lookAgain();
        }
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
      log.warn("instruction is not obeyed controller={} reason={}", place, e.getMessage());
    }
  }

  private void attach(Attachment attachment, Way way) {
    gateway
        .sessions()
        .attach(
            Instructions.attachment(attachment),
            listener -> Rendezvous.open(way.road, way.replica, attachment.getId(), listener));
  }

  /** What comes leaves word for the link's thread. */
  private record Incoming(LinkMailbox mailbox) implements StreamListener<Instruction> {

    @Override
    public void ready() {
      mailbox.ready();
    }

    @Override
    public void received(Instruction instruction) {
      mailbox.instruct(instruction);
    }

    @Override
    public void ended(@Nullable String failure) {
      mailbox.end(failure);
    }
  }
}
