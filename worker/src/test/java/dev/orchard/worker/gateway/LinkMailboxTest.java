package dev.orchard.worker.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.session.SessionPhase;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.worker.gateway.LinkMailbox.Work;
import dev.orchard.worker.session.SessionStatus;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmState;
import dev.orchard.worker.vm.VmStatus;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinkMailboxTest {
  private static final Uid VM = new Uid("a1");
  private static final Uid SESSION = new Uid("b1");

  private final LinkMailbox mailbox = new LinkMailbox();
  private boolean room = true;

  @BeforeEach
  void open() {
    mailbox.open();
  }

  private Work next() throws InterruptedException {
    return mailbox.next(() -> room, Duration.ZERO);
  }

  private static VmStatus vm(VmState state) {
    return new VmStatus(VM, state, null, null, "");
  }

  private static SessionStatus session(long revision) {
    return new SessionStatus(
        SESSION, "a1", revision, SessionPhase.RUNNING, 1, 0, null, 0, 0, 0, ByteString.EMPTY, 0);
  }

  @Test
  void everythingIsReportedBeforeThatItWasAll() throws InterruptedException {
    mailbox.changed(session(1));
    mailbox.changed(vm(VmState.RUNNING));

    assertThat(next()).isEqualTo(new Work.Report(Reports.vm(vm(VmState.RUNNING))));
    assertThat(next()).isEqualTo(new Work.Report(Reports.exec(session(1))));
    assertThat(next()).isEqualTo(new Work.Report(Reports.SYNCED));
    assertThat(next()).isEqualTo(new Work.Pause());
  }

  @Test
  void onlyTheLatestStateOfAThingIsReported() throws InterruptedException {
    mailbox.changed(session(1));
    mailbox.changed(session(2));
    mailbox.changed(vm(VmState.STARTING));
    mailbox.changed(vm(VmState.FAILED));

    assertThat(next()).isEqualTo(new Work.Report(Reports.vm(vm(VmState.FAILED))));
    assertThat(next()).isEqualTo(new Work.Report(Reports.exec(session(2))));
  }

  @Test
  void withoutRoomInstructionsAreObeyedAndNothingIsSent() throws InterruptedException {
    room = false;
    mailbox.changed(session(1));
    mailbox.registerAgain();
    assertThat(next()).isEqualTo(new Work.Pause());

    mailbox.instruct(Instruction.getDefaultInstance());
    assertThat(next()).isEqualTo(new Work.Obey(Instruction.getDefaultInstance()));
    assertThat(next()).isEqualTo(new Work.Pause());

    room = true;
    assertThat(next()).isEqualTo(new Work.Register());
    assertThat(next()).isEqualTo(new Work.Report(Reports.exec(session(1))));
  }

  @Test
  void theEndComesFirst() throws InterruptedException {
    mailbox.changed(session(1));
    mailbox.end("it broke");
    mailbox.end(null);
    assertThat(next()).isEqualTo(new Work.End("it broke"));
  }

  @Test
  void whatComesBeforeItIsOpenIsNotLost() throws InterruptedException {
    LinkMailbox unopened = new LinkMailbox();
    unopened.changed(session(1));
    unopened.instruct(Instruction.getDefaultInstance());
    unopened.end("it broke");
    unopened.open();
    assertThat(unopened.next(() -> true, Duration.ZERO)).isEqualTo(new Work.End("it broke"));
  }
}
