package dev.orchard.worker.road;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads to one address of a name. Java's HTTP client always dials a name's first address, and by an
 * address it would neither name the host nor check its certificate against the name; so it is given
 * this as its proxy, on the loopback, which goes to that one address whatever it is asked for.
 */
final class Detour implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Detour.class);
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final byte[] OPEN = "HTTP/1.1 200 \r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NO_WAY =
      "HTTP/1.1 502 \r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final int END_OF_HEAD = 0x0d0a0d0a;

  private final InetSocketAddress target;
  private final ServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  Detour(InetSocketAddress target) {
    this.target = target;
    try {
      server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException("listen on the loopback", e);
    }
    Thread.ofVirtual().name("detour-" + target).start(this::accept);
  }

  /** The proxy's own address. */
  InetSocketAddress entrance() {
    return (InetSocketAddress) server.getLocalSocketAddress();
  }

  private void accept() {
    while (!closed) {
      try {
        Socket near = server.accept();
        Thread.ofVirtual().name("detour-" + target).start(() -> lead(near));
      } catch (IOException _) {
        // Closed, somebody left before being taken, or descriptors are short: not again at once.
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private void lead(Socket near) {
    try (near;
        Socket far = new Socket()) {
      keep(near);
      keep(far);
      skipHead(near.getInputStream());
      connect(far, near);
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      near.getOutputStream().write(OPEN);
      Thread back = Thread.ofVirtual().name("detour-" + target).start(() -> pass(far, near));
      pass(near, far);
      back.join();
    } catch (IOException _) {
      // Whoever called sees a closed connection.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      sockets.removeIf(Socket::isClosed);
    }
  }

  /** Whoever called only learns that it failed; why is to be read in the log. */
  private void connect(Socket far, Socket near) throws IOException {
    try {
      far.connect(target, (int) CONNECT.toMillis());
    } catch (IOException e) {
      if (!closed) {
        log.info("controller cannot be reached address={}: {}", target, e.getMessage());
        near.getOutputStream().write(NO_WAY);
      }
      throw e;
    }
  }

  private void keep(Socket socket) throws IOException {
    sockets.add(socket);
    if (closed) {
      socket.close();
    }
  }

  /** One byte after another, for what follows is the caller's. */
  private static void skipHead(InputStream in) throws IOException {
    int last = 0;
    while (last != END_OF_HEAD) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("left before its request was whole");
      }
      last = last << 8 | next;
    }
  }

  private static void pass(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException _) {
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException _) {
      // It is of no use any more.
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      server.close();
    } catch (IOException _) {
      // Nobody comes any more in any case.
    }
    sockets.forEach(Detour::close);
  }
}
