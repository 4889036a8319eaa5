package dev.orchard.controller.web;

import io.helidon.common.socket.SocketOptions;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Closes connections on which a request does not come to its end: the TLS handshake and the first
 * headers counted from the connection's beginning, later headers from their first line, and the
 * body of a request that was refused without reading it. Nothing of this is bounded by Helidon.
 * Between bytes a client may be silent only for so long, whatever it sends.
 */
final class RequestDeadline implements Http1ConnectionListener, AutoCloseable {
  private static final int SWEEPS = 10;

  private static final class Connection {
    private final Socket socket;
    private volatile long sinceNanos = System.nanoTime();
    private volatile boolean waiting = true;

    Connection(Socket socket) {
      this.socket = socket;
    }

    void await() {
      sinceNanos = System.nanoTime();
      waiting = true;
    }
  }

  private final Duration limit;
  private final Duration silence;
  private final Map<SocketAddress, Connection> connections = new ConcurrentHashMap<>();
  private final Thread sweeper;

  /**
   * @param limit for each of these, and a tenth of it more
   * @param silence of a client that is to send something
   */
  RequestDeadline(Duration limit, Duration silence) {
    this.limit = limit;
    this.silence = silence;
    this.sweeper = Thread.ofVirtual().name("request-deadline").start(this::sweep);
  }

  /** What Helidon does to every accepted socket, and that it is watched from then on. */
  SocketOptions watching(SocketOptions options) {
    return new Watching(options);
  }

  private void accepted(Socket socket) {
    try {
      socket.setSoTimeout((int) silence.toMillis());
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
    connections.put(socket.getRemoteSocketAddress(), new Connection(socket));
  }

  @Override
  public void prologue(ConnectionContext context, HttpPrologue prologue) {
    Connection connection = connections.get(context.remotePeer().address());
    // The first request's time runs since the beginning.
    if (connection != null && !connection.waiting) {
      connection.await();
    }
  }

  @Override
  public void headers(ConnectionContext context, Headers headers) {
    Connection connection = connections.get(context.remotePeer().address());
    if (connection != null) {
      connection.waiting = false;
    }
  }

  /** The rest of a body that nobody wants has to come soon. Ended by the next request. */
  void unread(SocketAddress peer) {
    Connection connection = connections.get(peer);
    if (connection != null) {
      connection.await();
    }
  }

  private void sweep() {
    try {
      while (true) {
        Thread.sleep(limit.dividedBy(SWEEPS));
        connections.values().removeIf(connection -> connection.socket.isClosed());
        connections.values().forEach(this::check);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void check(Connection connection) {
    if (connection.waiting && System.nanoTime() - connection.sinceNanos > limit.toNanos()) {
      connection.waiting = false;
      // Closing TLS writes, and so may block.
      Thread.ofVirtual().name("request-deadline-close").start(() -> close(connection.socket));
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  @Override
  public void close() {
    sweeper.interrupt();
  }

  /** Options that watch each socket that they are applied to. */
  private final class Watching implements SocketOptions {
    private final SocketOptions options;

    Watching(SocketOptions options) {
      this.options = options;
    }

    @Override
    public void configureSocket(Socket socket) {
      options.configureSocket(socket);
      accepted(socket);
    }

    @Override
    public Map<java.net.SocketOption<?>, Object> socketOptions() {
      return options.socketOptions();
    }

    @Override
    public Duration connectTimeout() {
      return options.connectTimeout();
    }

    @Override
    public Duration readTimeout() {
      return options.readTimeout();
    }

    @Override
    public Optional<Integer> socketReceiveBufferSize() {
      return options.socketReceiveBufferSize();
    }

    @Override
    public Optional<Integer> socketSendBufferSize() {
      return options.socketSendBufferSize();
    }

    @Override
    public boolean socketReuseAddress() {
      return options.socketReuseAddress();
    }

    @Override
    public boolean socketKeepAlive() {
      return options.socketKeepAlive();
    }

    @Override
    public boolean tcpNoDelay() {
      return options.tcpNoDelay();
    }
  }
}
