package dev.orchard.worker.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;
import dev.orchard.exec.log.SessionLog;
import dev.orchard.exec.session.RefusalReason;
import dev.orchard.exec.session.SessionAction;
import dev.orchard.exec.session.SessionEvent;
import dev.orchard.exec.session.SessionPhase;
import dev.orchard.exec.session.WorkerSession;
import dev.orchard.worker.guest.GuestMessage;
import dev.orchard.worker.guest.GuestStream;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session: an inbox, and the one thread that reads it, feeds the core and does what the core
 * says. Lives as long as its outcome and its log are kept, and as its reads go on.
 *
 * <ol>
 *   <li>A message becomes an event of the core; the core's actions are done in order.
 *   <li>Output is stepped only when the log has room for it; until then it is parked, the guest is
 *       not asked for more, and so the process waits.
 *   <li>What changed is published, and every attachment is woken to look for itself.
 * </ol>
 */
final class Session {
  private static final Logger logger = LoggerFactory.getLogger(Session.class);
  private static final int INBOX = 256;
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofSeconds(30);
  private static final Duration OFFER = Duration.ofSeconds(1);

  /** DESIGN's group fsync; also how often a full log is looked at again. */
  private static final Duration SYNC = Duration.ofMillis(100);

  /** What attachments see. Published by the session's thread after what it tells of is so. */
  record View(
      Frame.@Nullable Started started, @Nullable SessionLog log, Frame.@Nullable Exit exit) {}

  /** Output that the log had no room for when it came. */
  private record Parked(GuestStream from, Frame.Output output) {}

  private final SessionSpec spec;
  private final SessionStore store;
  private final WorkerSession core;
  private final Sessions.Surroundings around;
  private final BlockingQueue<SessionMessage> inbox = new ArrayBlockingQueue<>(INBOX);
  private final Attachments attachments = new Attachments();
  private final SessionReports reports;
  private final GuestSide guest;
  private final Retention retention = new Retention();
  private final Thread thread;

  private @Nullable Parked parked;
  private @Nullable Attachment speaking;
  private boolean vmKnown;
  private boolean vmGone;
  private boolean ending;
  private boolean broken;
  private long syncedAt;
  private long publishedEnd;
  private volatile View view;

  Session(SessionSpec spec, SessionStore store, WorkerSession core, Sessions.Surroundings around) {
    this.spec = spec;
    this.store = store;
    this.core = core;
    this.around = around;
    this.reports = new SessionReports(spec, core);
    this.guest =
        new GuestSide(spec, (from, message) -> post(new SessionMessage.FromGuest(from, message)));
    this.view = new View(started(), store.logIfAny(), core.exit().orElse(null));
    this.thread = Thread.ofVirtual().name("session-" + spec.uid()).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }

  Uid uid() {
    return spec.uid();
  }

  String vmUid() {
    return spec.vmUid();
  }

  View view() {
    return view;
  }

  void happened(SessionEvent event) throws InterruptedException {
    post(new SessionMessage.Happened(event));
  }

  void vmChanged() throws InterruptedException {
    post(new SessionMessage.VmChanged());
  }

  Retention retention() {
    return retention;
  }

  void reportAgain() throws InterruptedException {
    post(new SessionMessage.ReportAgain());
  }

  void attached(Attachment attachment) throws InterruptedException {
    if (!thread.isAlive()) {
      attachment.fail(
          new Frame.Failure(ErrorCode.SESSION_GONE, "session " + spec.uid() + " is not kept"));
    }
    post(new SessionMessage.Attached(attachment));
  }

  void detached(Attachment attachment) throws InterruptedException {
    post(new SessionMessage.Detached(attachment));
  }

  void fromPeer(Attachment attachment, Frame.In frame) throws InterruptedException {
    post(new SessionMessage.FromPeer(attachment, frame));
  }

  /** Blocks while the inbox is full: so it holds back peers and guests alike. */
  private void post(SessionMessage message) throws InterruptedException {
    while (!inbox.offer(message, OFFER.toMillis(), TimeUnit.MILLISECONDS)) {
      if (!thread.isAlive()) {
        return;
      }
    }
  }

  private void run() {
    try {
      if (!core.isAcknowledged()) {
        report();
      }
      lookAtVm();
      while (!expired()) {
        SessionMessage message = inbox.poll(patience().toMillis(), TimeUnit.MILLISECONDS);
        if (message != null) {
          handle(message);
        }
        passTime();
        publish();
      }
      store.delete();
      around.listener().settled(spec.uid());
      around.forget(this);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      logger.error("session is not looked after any more session={}", spec.uid(), e);
      attachments.failAll(
          new Frame.Failure(
              ErrorCode.INTERNAL, "session " + spec.uid() + ": see the worker's log"));
    } finally {
      guest.close();
      attachments.closeAll();
      closeStore();
    }
  }

  private void handle(SessionMessage message) {
    switch (message) {
      case SessionMessage.Happened(SessionEvent event) -> {
        step(event);
        if (event instanceof SessionEvent.OutcomeAcknowledged && core.isAcknowledged()) {
          around.listener().settled(spec.uid());
        }
      }
      case SessionMessage.VmChanged() -> lookAtVm();
      case SessionMessage.FromGuest(GuestStream from, GuestMessage received) -> {
        if (guest.isOpen(from)) {
          fromGuest(from, received);
        }
      }
      case SessionMessage.FromPeer(Attachment from, Frame.In frame) -> fromPeerNow(from, frame);
      case SessionMessage.Attached(Attachment attachment) -> attachedNow(attachment);
      case SessionMessage.Detached(Attachment attachment) -> {
        attachments.remove(attachment, around.clock().millis());
        attachmentsChanged(attachment);
      }
      case SessionMessage.ReportAgain() -> report();
    }
  }

  private Duration patience() {
    if (parked != null || store.isUnsynced()) {
      return SYNC;
    }
    return guest.untilRetry(core.phase() == SessionPhase.FINISHED ? IDLE : TICK);
  }

  private void passTime() {
    step(new SessionEvent.Tick());
    if (store.isUnsynced() && System.nanoTime() - syncedAt >= SYNC.toNanos()) {
      perform(new SessionAction.Sync());
    }
    Parked waiting = parked;
    parked = null;
    if (waiting != null && guest.isOpen(waiting.from())) {
      fromGuest(waiting.from(), new GuestMessage.Received(waiting.output()));
    }
    if (guest.retryIsDue()) {
      guest.fence().ifPresent(fence -> step(new SessionEvent.GuestReady(fence)));
    }
  }

  private void publish() {
    View now = new View(started(), store.logIfAny(), core.exit().orElse(null));
    if (core.logEnd() != publishedEnd || !now.equals(view)) {
      publishedEnd = core.logEnd();
      view = now;
      attachments.wakeAll();
    }
    if (core.wantsStdin() && guest.takesMore()) {
      attachments.readWriter();
    }
  }

  private Frame.@Nullable Started started() {
    return core.startedAt() == 0
        ? null
        : new Frame.Started(spec.name(), core.pid(), spec.bootId(), "");
  }

  private void report() {
    around
        .listener()
        .changed(reports.next(openedLog(), attachments.size(), around.clock().millis()));
  }

  private boolean expired() {
    return retention.isOver(core, !attachments.isEmpty(), around.clock().millis());
  }

  private void closeStore() {
    try {
      store.close();
    } catch (IOException e) {
      logger.warn("files were not closed session={}", spec.uid(), e);
    }
  }

  private void lookAtVm() {
    if (spec.vmUid().isEmpty() || vmGone) {
      return;
    }
    Optional<VmStatus> status = around.vm(new Uid(spec.vmUid()));
    if (status.isEmpty() || !spec.bootId().equals(status.get().bootId())) {
      vmGone = true;
      guest.answers(null);
      String why = status.map(VmStatus::whyOver).orElse("the VM is not on its worker any more");
      step(vmKnown ? new SessionEvent.VmGone(why) : new SessionEvent.BootUnknown(why));
      return;
    }
    vmKnown = true;
    if (guest.answers(status.get().guest())) {
      step(
          guest
              .fence()
              .<SessionEvent>map(SessionEvent.GuestReady::new)
              .orElseGet(SessionEvent.GuestLost::new));
    }
  }

  private void fromGuest(GuestStream from, GuestMessage message) {
    switch (message) {
      case GuestMessage.Attached(long stdinOffset, long stdinReceived) -> {
        guest.works();
        step(new SessionEvent.GuestAttached(stdinOffset, stdinReceived));
        guest.more(from);
      }
      case GuestMessage.Refused refused -> {
        step(new SessionEvent.GuestRefused(refused.reason(), refused.message()));
        guest.more(from);
      }
      case GuestMessage.Received(Frame.Output output) when !makeRoom() ->
          parked = new Parked(from, output);
      case GuestMessage.Received(Frame.Out frame) -> {
        step(new SessionEvent.FromGuest(frame));
        guest.more(from);
      }
      case GuestMessage.Invalid(String why) -> {
        step(new SessionEvent.FromGuest(new Frame.Failure(ErrorCode.INVALID_FRAME, why)));
        guest.more(from);
      }
      case GuestMessage.Ended() -> {
        guest.ended();
        step(new SessionEvent.GuestClosed());
        if (core.phase() != SessionPhase.FINISHED) {
          guest.retryLater();
        }
      }
      case GuestMessage.Broken(String why) -> {
        logger.debug("guest stream broke session={} reason={}", spec.uid(), why);
        guest.ended();
        step(new SessionEvent.GuestLost());
        guest.retryLater();
      }
    }
  }

  /** False while the log is full and has to stay so. */
  private boolean makeRoom() {
    try {
      return switch (store.makeRoom(
          spec.room(), attachments.foregroundPosition(around.clock().millis()), ending)) {
        case MADE -> true;
        case NONE -> false;
        case TOO_MUCH -> {
          step(
              new SessionEvent.Cancel(
                  ExitReason.OUTPUT_LIMIT,
                  "its output is more than %d bytes".formatted(spec.outputLimit())));
          yield true;
        }
      };
    } catch (IOException e) {
      fail(e);
      return true;
    }
  }

  private void attachedNow(Attachment attachment) {
    attachments.add(attachment);
    if (openedLog() == null && core.logEnd() > 0) {
      attachment.fail(
          new Frame.Failure(
              ErrorCode.INTERNAL, "the log of session " + spec.uid() + " cannot be read"));
    }
    if (attachments.isWriter(attachment)) {
      step(new SessionEvent.WriterAttached());
    } else {
      attachment.more();
    }
    attachmentsChanged(attachment);
    publish();
    attachment.admit();
  }

  /** Empty also where it cannot be opened. */
  private @Nullable SessionLog openedLog() {
    try {
      return store.openedLog();
    } catch (IOException e) {
      logger.error("log cannot be opened session={}", spec.uid(), e);
      return null;
    }
  }

  private void attachmentsChanged(Attachment one) {
    step(new SessionEvent.Foreground(attachments.foreground()));
    if (core.phase() == SessionPhase.RUNNING && !one.request().passes()) {
      report();
    }
  }

  private void fromPeerNow(Attachment from, Frame.In frame) {
    speaking = from;
    if (attachments.isWriter(from)) {
      attachments.writerRead();
      step(new SessionEvent.FromWriter(frame));
    } else {
      fromReader(from, frame);
    }
    speaking = null;
  }

  private void fromReader(Attachment from, Frame.In frame) {
    switch (frame) {
      case Frame.Resize _, Frame.Signal _, Frame.Detach _ when from.request().passes() -> {
        step(new SessionEvent.FromWriter(frame));
        from.done();
      }
      case Frame.Stdin _, Frame.Resize _, Frame.Signal _ ->
          from.fail(
              new Frame.Failure(
                  ErrorCode.NOT_WRITER, "this attachment was not opened for writing"));
      case Frame.Detach _, Frame.Heartbeat _ -> {
        if (from.request().foreground()) {
          step(new SessionEvent.FromWriter(frame));
        }
        from.more();
      }
    }
  }

  /** To whoever sent what is refused, else to the writer. */
  private void refuse(Frame.Failure why) {
    if (speaking != null) {
      speaking.fail(why);
    } else {
      attachments.failWriter(why);
    }
  }

  private void acknowledge(Frame.Ack ack) {
    if (spec.command().stdin()) {
      attachments.ack(ack);
    }
  }

  private void step(SessionEvent event) {
    for (SessionAction action : core.step(event, around.clock().millis())) {
      perform(action);
    }
  }

  private void perform(SessionAction action) {
    Failpoint.before(action);
    try {
      switch (action) {
        case SessionAction.Write(JournalRecord fact) -> write(fact);
        case SessionAction.Append(StdStream to, ByteString data) -> {
          if (!broken) {
            store.append(to, data);
          }
        }
        case SessionAction.Sync() -> {
          store.sync();
          syncedAt = System.nanoTime();
        }
        case SessionAction.Start() -> begin();
        case SessionAction.Attach(long from, boolean dropStdin) -> {
          if (!broken) {
            guest.attach(from, dropStdin);
          }
        }
        case SessionAction.ToGuest(Frame.In frame) -> guest.send(frame);
        case SessionAction.Stored(long offset, boolean exit) -> guest.stored(offset, exit);
        case SessionAction.CloseGuest() -> guest.close();
        case SessionAction.ToWriter(Frame.Ack ack) -> acknowledge(ack);
        case SessionAction.ToWriter(Frame.Failure why) -> refuse(why);
        case SessionAction.ToWriter(Frame.Out _) -> {}
        case SessionAction.Report() -> report();
      }
    } catch (IOException e) {
      fail(e);
    }
    Failpoint.after(action);
  }

  /** More than the guest can do is refused before it is sent. */
  private void begin() {
    Optional<String> lacking = guest.lacking();
    if (lacking.isPresent()) {
      step(new SessionEvent.GuestRefused(RefusalReason.INVALID_INPUT, lacking.get()));
    } else if (!broken) {
      guest.start();
    }
  }

  private void write(JournalRecord fact) throws IOException {
    // The end is written if that is possible at all: what is told of it must not change later.
    if (broken && !(fact instanceof JournalRecord.Exited)) {
      return;
    }
    if (fact instanceof JournalRecord.Intent) {
      // Made before the start, so that a full disk is found out while nothing runs yet.
      var _ = store.log();
    }
    ending |= fact instanceof JournalRecord.Ending;
    store.write(fact);
    if (core.phase() == SessionPhase.FINISHED) {
      store.close();
    }
  }

  /** The worker's disk: what cannot be recorded must not go on, and its outcome is unknowable. */
  private void fail(IOException why) {
    if (!broken) {
      broken = true;
      logger.error("session cannot be recorded session={}", spec.uid(), why);
      guest.abandon();
      step(new SessionEvent.VmGone("the worker cannot record the session: " + why.getMessage()));
    }
  }
}
