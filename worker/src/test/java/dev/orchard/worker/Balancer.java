package dev.orchard.worker;

import java.io.IOException;
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
  private final ServerSocket server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger turns = new AtomicInteger();
  private final List<InetSocketAddress> targets;

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
        InetSocketAddress target = now.get(turns.getAndIncrement() % now.size());
        Thread.ofVirtual().start(() -> lead(near, target));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void lead(Socket near, InetSocketAddress target) {
    try (near;
        Socket far = new Socket()) {
      sockets.add(near);
      far.connect(target);
      sockets.add(far);
      Thread back = Thread.ofVirtual().start(() -> pass(far, near));
      pass(near, far);
      back.join();
    } catch (IOException | InterruptedException e) {
      // Whoever called sees a closed connection.
    }
  }

  private static void pass(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // Both are closed now.
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
