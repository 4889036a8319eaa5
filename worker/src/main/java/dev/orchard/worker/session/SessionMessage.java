package dev.orchard.worker.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.SessionEvent;
import dev.orchard.worker.guest.GuestMessage;
import dev.orchard.worker.guest.GuestStream;

/** What reaches a session's thread. */
sealed interface SessionMessage {
  record Happened(SessionEvent event) implements SessionMessage {}

  record VmChanged() implements SessionMessage {}

  record FromGuest(GuestStream stream, GuestMessage message) implements SessionMessage {}

  record FromPeer(Attachment attachment, Frame.In frame) implements SessionMessage {}

  record Attached(Attachment attachment) implements SessionMessage {}

  record Detached(Attachment attachment) implements SessionMessage {}

  record ReportAgain() implements SessionMessage {}
}
