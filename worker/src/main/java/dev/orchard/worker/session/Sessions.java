package dev.orchard.worker.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.log.DamagedException;
import dev.orchard.exec.log.Journal;
import dev.orchard.exec.log.JournalRecord;
import dev.orchard.exec.log.SessionDirectory;
import dev.orchard.exec.log.SessionLog;
import dev.orchard.exec.session.SessionEvent;
import dev.orchard.exec.session.WorkerSession;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of this host, each in {@code <data>/sessions/<uid>/}. Commands are idempotent and
 * return before they are done; the listener hears the rest. Any thread may call.
 */
public final class Sessions {
  /** How often the disk is looked at. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  private static final Logger logger = LoggerFactory.getLogger(Sessions.class);

  /** What a session needs of the world. */
  record Surroundings(
      Function<Uid, Optional<VmStatus>> vms,
      SessionListener listener,
      InstantSource clock,
      Consumer<Session> forgetting) {
    Optional<VmStatus> vm(Uid uid) {
      return vms.apply(uid);
    }

    void forget(Session session) {
      forgetting.accept(session);
    }
  }

  private final Path root;
  private final Surroundings around;
  private final Storage storage;
  private final Thread housekeeping;
  private final ConcurrentMap<Uid, Session> sessions = new ConcurrentHashMap<>();
  private volatile boolean kubernetesReachable;

  /**
   * Knows no session yet: {@link #recover} comes next.
   *
   * @param root folder of all of them, which is made if it is not there
   * @param storage bytes that their logs may take together; 0: a fifth of the disk
   * @param vms what is known of a VM right now; empty if it is not on this worker
   */
  public Sessions(
      Path root,
      long storage,
      Function<Uid, Optional<VmStatus>> vms,
      SessionListener listener,
      InstantSource clock) {
    this.root = root;
    try {
      Files.createDirectories(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.storage = new Storage(root, storage);
    this.housekeeping = Thread.ofVirtual().name("sessions").unstarted(this::keepRoom);
    this.around =
        new Surroundings(vms, listener, clock, session -> sessions.remove(session.uid(), session));
  }

  /**
   * Takes up every session that an earlier daemon has left. Its VMs have to be known before. One
   * whose records are damaged is lost.
   *
   * @throws UncheckedIOException where the disk fails: no id may stay unknown that is on it
   */
  public void recover() throws InterruptedException {
    try {
      for (SessionDirectory directory : SessionDirectory.list(root)) {
        recover(directory);
      }
      logger.info("sessions recovered count={}", sessions.size());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    housekeeping.start();
  }

  /** While there is no room, what has finished goes, the oldest first. */
  private void keepRoom() {
    String told = "";
    try {
      while (true) {
        Thread.sleep(LOOK);
        String why = storage.pressure().orElse("");
        if (!why.isEmpty()) {
          dispenseOldest();
        }
        if (why.isEmpty() != told.isEmpty()) {
          logger.warn("room for sessions: {}", why.isEmpty() ? "enough again" : why);
          told = why;
          around.listener().storage(why);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void dispenseOldest() throws InterruptedException {
    Optional<Session> oldest =
        sessions.values().stream()
            .filter(session -> session.retention().dispensableSince() != Long.MAX_VALUE)
            .min(Comparator.comparingLong(session -> session.retention().dispensableSince()));
    if (oldest.isPresent()) {
      oldest.get().retention().dispense();
      oldest.get().happened(new SessionEvent.Tick());
    }
  }

  private void recover(SessionDirectory directory) throws IOException, InterruptedException {
    Uid uid = new Uid(directory.uid());
    try {
      List<JournalRecord> facts;
      try (Journal journal = Journal.open(directory.journal())) {
        facts = journal.recovered();
      }
      if (facts.isEmpty()) {
        if (directory.isSetAside()) {
          lose(uid, directory, "they are damaged");
        } else {
          // Nothing was asked of a guest: whoever wants it will say so again.
          directory.delete();
        }
        return;
      }
      SessionSpec spec = spec(uid, facts.getFirst());
      SessionStore store = new SessionStore(root, storage, uid, spec.outputLimit());
      store.adopt(directory);
      WorkerSession core = recovered(spec, facts, store);
      add(new Session(spec, store, core, around));
      Failpoint.passed("recovered");
    } catch (DamagedException | JsonProcessingException e) {
      logger.error("session cannot be recovered path={}", directory.path(), e);
      lose(uid, directory, String.valueOf(e.getMessage()));
    }
  }

  /** Of what has finished the log is not read: there may be thousands, and few have a reader. */
  private WorkerSession recovered(SessionSpec spec, List<JournalRecord> facts, SessionStore store)
      throws IOException {
    Optional<Frame.Exit> exit =
        facts.stream()
            .filter(JournalRecord.Exited.class::isInstance)
            .map(fact -> ((JournalRecord.Exited) fact).exit())
            .findFirst();
    long now = around.clock().millis();
    if (exit.isPresent()) {
      return WorkerSession.recovered(
          spec.rules(), facts, exit.get().stdoutBytes(), exit.get().stderrBytes(), now);
    }
    SessionLog log = store.log();
    WorkerSession core =
        WorkerSession.recovered(spec.rules(), facts, log.stdoutBytes(), log.stderrBytes(), now);
    logger.info(
        "session adopted session={} phase={} end={}", spec.uid(), core.phase(), core.logEnd());
    return core;
  }

  /** Its id must not become unknown: somebody could start it again. */
  private void lose(Uid uid, SessionDirectory directory, String why)
      throws IOException, InterruptedException {
    directory.setAside();
    begin(SessionSpec.unknown(uid))
        .happened(
            new SessionEvent.Cancel(
                ExitReason.LOST, "the worker cannot read its records of it: " + why));
  }

  private static SessionSpec spec(Uid uid, JournalRecord first) throws IOException {
    return first instanceof JournalRecord.Intent intent
        ? SessionSpec.decode(intent.spec())
        : SessionSpec.unknown(uid);
  }

  /**
   * Starts a session; one that is known already is reported once more. Where the disk has no room,
   * it ends before it began.
   */
  public void start(SessionSpec spec) throws InterruptedException {
    Session known = sessions.get(spec.uid());
    if (known != null) {
      known.reportAgain();
      return;
    }
    Optional<String> pressure = storage.pressure();
    if (pressure.isPresent()) {
      begin(SessionSpec.unknown(spec.uid()))
          .happened(
              new SessionEvent.Cancel(
                  ExitReason.START_FAILED, "the worker has no room: " + pressure.get()));
    } else {
      var _ = begin(spec);
    }
  }

  /** Serves an attachment, which is told at once if there is no such session. */
  public void attach(AttachRequest request, Peer.Opener opener) {
    Session session = sessions.get(request.session());
    if (session == null) {
      Thread.ofVirtual()
          .name("attachment-" + request.session())
          .start(() -> tellAbsence(request.session(), opener));
    } else {
      new Attachment(session, request, opener).start();
    }
  }

  private static void tellAbsence(Uid uid, Peer.Opener opener) {
    try {
      Peer peer = opener.open(new Peer.Listener() {});
      peer.send(
          new Frame.Failure(
              ErrorCode.SESSION_GONE, "session " + uid + " is not, or no longer, on this worker"));
      peer.complete();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends a session. The id of an unknown one is kept as cancelled: a later start finds that. */
  public void cancel(Uid uid, String message) throws InterruptedException {
    Session known = sessions.get(uid);
    Session session = known == null ? begin(SessionSpec.unknown(uid)) : known;
    session.happened(new SessionEvent.Cancel(ExitReason.CANCELLED, message));
  }

  /** The outcome stands in the object. */
  public void acknowledge(Uid uid) throws InterruptedException {
    Session session = sessions.get(uid);
    if (session != null) {
      session.happened(new SessionEvent.OutcomeAcknowledged());
    }
  }

  /** Something about a VM is not as it was. */
  public void vmChanged(Uid vm) throws InterruptedException {
    for (Session session : sessions.values()) {
      if (session.vmUid().equals(vm.value())) {
        session.vmChanged();
      }
    }
  }

  /** Whether a client whose connection broke could come back. */
  public void kubernetesReachable(boolean reachable) throws InterruptedException {
    kubernetesReachable = reachable;
    for (Session session : sessions.values()) {
      session.happened(new SessionEvent.KubernetesReachable(reachable));
    }
  }

  /** Ends the serving; commands run on in their guests, and files stay. */
  public void close() throws InterruptedException {
    housekeeping.interrupt();
    housekeeping.join();
    for (Session session : sessions.values()) {
      session.close();
    }
  }

  private Session begin(SessionSpec spec) throws InterruptedException {
    WorkerSession core =
        WorkerSession.dispatched(spec.rules(), spec.encode(), around.clock().millis());
    SessionStore store = new SessionStore(root, storage, spec.uid(), spec.outputLimit());
    return add(new Session(spec, store, core, around));
  }

  private Session add(Session fresh) throws InterruptedException {
    Session known = sessions.putIfAbsent(fresh.uid(), fresh);
    if (known != null) {
      return known;
    }
    fresh.start();
    fresh.happened(new SessionEvent.KubernetesReachable(kubernetesReachable));
    return fresh;
  }
}
