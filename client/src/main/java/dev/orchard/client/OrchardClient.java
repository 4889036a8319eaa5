package dev.orchard.client;

import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of one cluster's VMs, straight from its controller, as one user. Safe for many
 * threads; docs/client.md shows it at work.
 */
public final class OrchardClient implements AutoCloseable {
  private final Controllers controllers;
  private final RandomGenerator random = new SecureRandom();

  private OrchardClient(List<Http> replicas) {
    this.controllers = new Controllers(replicas, random.nextInt(replicas.size()));
  }

  /** Begins to make one. */
  public static Builder builder() {
    return new Builder();
  }

  /** What there is to say of a cluster: its servers and a token at least. */
  public static final class Builder {
    private List<URI> servers = List.of();
    private @Nullable Supplier<String> token;
    private @Nullable Path ca;

    private Builder() {}

    /**
     * The controller's addresses, each as good as the other: what one does not do is tried at the
     * next.
     *
     * @param urls https; http only for this machine itself
     */
    public Builder servers(URI... urls) {
      servers = List.of(urls);
      return this;
    }

    /**
     * A bearer token, asked for anew before each request: it may be renewed meanwhile. What the
     * source throws is thrown by the call that asks; a session that is followed is given up.
     */
    public Builder token(Supplier<String> source) {
      token = source;
      return this;
    }

    /**
     * PEM of the only authority to trust; without it the platform's are. Read by {@link #build}.
     */
    public Builder ca(Path pem) {
      ca = pem;
      return this;
    }

    /**
     * Nothing is sent yet.
     *
     * @throws ClientException where an address or the authority is none
     * @throws IllegalStateException without servers or a token
     */
    public OrchardClient build() {
      Supplier<String> bearer = token;
      if (servers.isEmpty() || bearer == null) {
        throw new IllegalStateException("a client needs servers and a token");
      }
      Optional<byte[]> authority = Optional.ofNullable(ca).map(Builder::read);
      Identity identity = Identity.of(() -> "Bearer " + bearer.get());
      List<Http> replicas = new ArrayList<>();
      for (URI server : servers) {
        ServerAddress address = ServerAddress.of(server.toString(), "servers", authority);
        replicas.add(new Http(address, identity, Controllers::meaning));
      }
      return new OrchardClient(replicas);
    }

    private static byte[] read(Path ca) {
      try {
        return Files.readAllBytes(ca);
      } catch (IOException e) {
        throw new ClientException("the certificate authority cannot be read: " + e);
      }
    }
  }

  /**
   * Starts a command and follows it. Safe to call again with the same: the name makes it one
   * session, also for a caller that has died meanwhile. Blocks until the session is there.
   *
   * <p>Only where it takes input or runs on a terminal is it there for one writer, the last that
   * came: others can all read.
   *
   * @param session with a name of the caller's choice that means this one piece of work
   * @throws RefusedException where it is not started, or nobody could be asked within the request's
   *     start timeout: then it may be started all the same, and asking again finds it
   */
  public ExecSession exec(SessionAddress session, ExecRequest request, SessionListener listener)
      throws InterruptedException {
    new Creation(request.startTimeout(), random, System::nanoTime)
        .create(wait -> controllers.create(session, request, wait), request.startTimeout());
    boolean writes = request.stdin() || request.tty().isPresent();
    return follow(session, 0, writes, request.stdin(), request.tty(), listener);
  }

  /**
   * Follows a session that is there, and reads only.
   *
   * @param from offset of the first byte of output to deliver, or {@link ExecSession#END}; other
   *     than 0, only lengths are checked at the end
   */
  public ExecSession attach(SessionAddress session, long from, SessionListener listener) {
    return follow(session, from, false, false, Optional.empty(), listener);
  }

  /**
   * As {@link #attach}, and writes: in place of whoever wrote before. Stdin goes on where the
   * session has it.
   *
   * @param tty the terminal's size, for a session that runs on one
   */
  public ExecSession join(
      SessionAddress session, long from, Optional<WindowSize> tty, SessionListener listener) {
    ExecSession joined = follow(session, from, true, true, tty, listener);
    tty.ifPresent(joined::resize);
    return joined;
  }

  private ExecSession follow(
      SessionAddress session,
      long from,
      boolean writes,
      boolean stdin,
      Optional<WindowSize> tty,
      SessionListener listener) {
    return ExecSession.follow(
        new ExecSession.Terms(
            session.vm() + "/" + session.session(), from, writes, stdin, tty, controllers.size()),
        SessionOpener.attaching(
            (how, stream) -> controllers.attach(session, how, stream), writes, writes),
        listener,
        random);
  }

  /**
   * Sends a signal to a session's process group, beside whoever follows it.
   *
   * @param name without SIG, as in {@code TERM}
   * @throws RefusedException where it is not sent, as far as is known
   */
  public void signal(SessionAddress session, String name) throws InterruptedException {
    var _ = controllers.signal(session, new Frame.Signal(name)).orThrow();
  }

  /**
   * Ends a session's command; what it wrote can be read on.
   *
   * @throws RefusedException where that is not done, as far as is known
   */
  public void cancel(SessionAddress session) throws InterruptedException {
    var _ = controllers.cancel(session).orThrow();
  }

  /** Ends every request and connection at once; the sessions go on as their policies say. */
  @Override
  public void close() {
    controllers.close();
  }
}
