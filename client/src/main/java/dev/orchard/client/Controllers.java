package dev.orchard.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.orchard.exec.frame.Frame;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The sessions of one cluster, by the HTTP API of its controller. Every call blocks until there is
 * an answer and is one attempt, each at the next replica: what may be tried again says so.
 */
public final class Controllers implements AutoCloseable {
  private final List<Http> replicas;
  private final AtomicInteger next;

  /**
   * Nothing is sent yet.
   *
   * @param replicas each as good as the other, not empty; closed with this
   * @param first which of them is asked first
   */
  public Controllers(List<Http> replicas, int first) {
    this.replicas = List.copyOf(replicas);
    this.next = new AtomicInteger(first);
  }

  /** What a status means, where the controller says nothing itself. */
  public static String meaning(int status) {
    return switch (status) {
      case 401 -> "the controller does not take these credentials";
      case 403 -> "the controller does not allow it to this user";
      case 404 -> "the controller does not know it";
      default -> "the controller answered with HTTP status " + status;
    };
  }

  int size() {
    return replicas.size();
  }

  private Http http() {
    return replicas.get(Math.floorMod(next.getAndIncrement(), replicas.size()));
  }

  /**
   * Creates a session that runs on unread. The same address with the same request may be sent
   * again: it stays one session.
   *
   * @param wait for the VM to be ready; the answer comes by then, whichever way
   */
  public Reply<SessionAddress> create(SessionAddress session, ExecRequest spec, Duration wait)
      throws InterruptedException {
    Http http = http();
    HttpRequest request =
        http.request(collection(session) + "?wait=" + wait.plusMillis(999).toSeconds())
            .header("Content-Type", "application/json")
            .header("Prefer", "respond-async")
            .timeout(wait.plus(Http.PATIENCE))
            .POST(Http.json(RequestBody.request(session.session(), spec)))
            .build();
    return http.send(request).map(_ -> session);
  }

  /** Opens a socket to the session. */
  public Reply<SessionStream> attach(
      SessionAddress session, Attachment how, SessionStream.Listener listener) {
    return http().attach(path(session), how, listener);
  }

  /**
   * Opens a stream that only reads.
   *
   * @param follow whether it goes on to the session's end, and not only to what there is now
   */
  public Reply<SessionStream> log(
      SessionAddress session, Attachment how, boolean follow, SessionStream.Listener listener) {
    return http().log(path(session), how, follow, listener);
  }

  /** Sends a signal to the command's process group, beside whoever writes. */
  public Reply<SessionAddress> signal(SessionAddress session, Frame.Signal signal)
      throws InterruptedException {
    return post(
        session, "signal", JsonNodeFactory.instance.objectNode().put("signal", signal.signal()));
  }

  /** Ends the session's command; the session itself can be read on. */
  public Reply<SessionAddress> cancel(SessionAddress session) throws InterruptedException {
    return post(session, "cancel", JsonNodeFactory.instance.objectNode());
  }

  private Reply<SessionAddress> post(SessionAddress session, String what, JsonNode body)
      throws InterruptedException {
    Http http = http();
    return http.send(
            http.request(path(session) + "/" + what)
                .header("Content-Type", "application/json")
                .POST(Http.json(body))
                .build())
        .map(_ -> session);
  }

  private static String collection(SessionAddress session) {
    return "/v1/namespaces/%s/vms/%s/exec".formatted(session.namespace(), session.vm());
  }

  /** Of a session, in every replica's HTTP API. */
  public static String path(SessionAddress session) {
    return collection(session) + "/" + session.session();
  }

  /** Ends every request and socket at once. */
  @Override
  public void close() {
    replicas.forEach(Http::close);
  }
}
