package dev.orchard.cli.road;

import dev.orchard.client.Attachment;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.Reply;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.SessionStream;
import dev.orchard.exec.frame.Frame;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;

/**
 * One way to the sessions of a cluster, as one user. Every call blocks until there is an answer,
 * and is one attempt: what may be tried again says so.
 */
public interface Road extends AutoCloseable {
  /**
   * Creates a session that runs on unread. The same address with the same spec may be sent again:
   * it stays one session.
   *
   * @param wait for the VM to be ready; the answer comes by then, whichever way
   */
  Reply<SessionAddress> create(SessionAddress session, ExecRequest spec, Duration wait)
      throws InterruptedException;

  /** Opens a socket to the session. */
  Reply<SessionStream> attach(
      SessionAddress session, Attachment how, SessionStream.Listener listener);

  /**
   * Opens a stream that only reads.
   *
   * @param follow whether it goes on to the session's end, and not only to what there is now
   */
  Reply<SessionStream> log(
      SessionAddress session, Attachment how, boolean follow, SessionStream.Listener listener);

  /** What there is to know of a session. */
  Reply<SessionInfo> session(SessionAddress session) throws InterruptedException;

  /**
   * Sessions, oldest first.
   *
   * @param vm whose; empty for all of the namespace
   */
  Reply<List<SessionInfo>> sessions(String namespace, String vm) throws InterruptedException;

  /** Sends a signal to the command's process group, beside whoever writes. */
  Reply<SessionAddress> signal(SessionAddress session, Frame.Signal signal)
      throws InterruptedException;

  /** Ends the session's command; the session itself can be read on. */
  Reply<SessionAddress> cancel(SessionAddress session) throws InterruptedException;

  /**
   * Names of VMs.
   *
   * @param selector of labels; empty for all of the namespace
   */
  Reply<List<String>> vms(String namespace, String selector) throws InterruptedException;

  /** Connects to a TCP port of a VM: binary messages, an empty one of ours ends our half. */
  <L extends WebSocket.Listener> Reply<L> forward(
      String namespace, String vm, int port, L listener);

  /** Whether a session can only be named together with its VM. */
  boolean needsVm();

  /**
   * As the other commands of the CLI take it on this road.
   *
   * @param session with its VM
   */
  String shown(SessionAddress session);

  /** Ends every request and socket at once. */
  @Override
  void close();
}
