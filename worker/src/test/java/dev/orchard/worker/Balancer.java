package dev.orchard.worker;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** One address in front of several: each connection goes to the next of them, as in a Service. */
final class Balancer implements AutoCloseable {
  private static final int BUFFER_BYTES = 16 << 10;

  private final ServerSocket server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger turns = new AtomicInteger();
  private final AtomicInteger answers = new AtomicInteger();
  private final List<InetSocketAddress> targets;

  /** So many connections lead nowhere any more, from the first one on. */
  private volatile int lost;

  Balancer(List<InetSocketAddress> targets) throws IOException {
    this.targets = new CopyOnWriteArrayList<>(targets);
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** How many connections there were. */
  int turns() {
    return turns.get();
  }

  /** How often something has come back through it. */
  int answers() {
    return answers.get();
  }

  /** From now on nothing comes through the connections that there are, and no end of them. */
  void lose() {
    lost = turns.get();
  }

  void add(InetSocketAddress target) {
    targets.add(target);
  }

  void remove(InetSocketAddress target) {
    targets.remove(target);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket near = server.accept();
        List<InetSocketAddress> now = List.copyOf(targets);
        int turn = turns.getAndIncrement();
        InetSocketAddress target = now.get(turn % now.size());
        Thread.ofVirtual().start(() -> lead(near, target, turn));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void lead(Socket near, InetSocketAddress target, int turn) {
    try (near;
        Socket far = new Socket()) {
      sockets.add(near);
      far.connect(target);
      sockets.add(far);
      Thread back = Thread.ofVirtual().start(() -> pass(far, near, turn, answers));
      pass(near, far, turn, new AtomicInteger());
      back.join();
    } catch (IOException | InterruptedException e) {
      // Whoever called sees a closed connection.
    }
  }

  private void pass(Socket from, Socket to, int turn, AtomicInteger pieces) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      InputStream in = from.getInputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (turn >= lost) {
          pieces.incrementAndGet();
          to.getOutputStream().write(buffer, 0, read);
        }
      }
    } catch (IOException e) {
      // As an end.
    }
    if (turn >= lost) {
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any more.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
