package dev.orchard.it.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Stands between the two ends of byte streams and does to each connection what its plan says, at
 * the very byte. In front of several servers it is what a Service is: the next one that answers.
 */
final class FaultProxy implements AutoCloseable {
  /** Enough of the server's bytes to say that a connection is of use again. */
  private static final int IN_USE_BYTES = 2 << 10;

  private static final int BUFFER_BYTES = 16 << 10;

  private final ServerSocketChannel listener;
  private final List<SocketAddress> servers;
  private final Supplier<FaultPlan> plans;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger cuts = new AtomicInteger();
  private final List<Long> pauses = Collections.synchronizedList(new ArrayList<>());
  private volatile long cutSince;

  private FaultProxy(
      ServerSocketChannel listener, List<SocketAddress> servers, Supplier<FaultPlan> plans) {
    this.listener = listener;
    this.servers = List.copyOf(servers);
    this.plans = plans;
    Thread.ofVirtual().name("fault-proxy").start(this::accept);
  }

  /** Listens on a free port of the loopback interface. */
  static FaultProxy tcp(List<Integer> ports, Supplier<FaultPlan> plans) {
    try {
      ServerSocketChannel listener =
          ServerSocketChannel.open()
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      List<SocketAddress> servers = new ArrayList<>();
      ports.forEach(
          port -> servers.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
      return new FaultProxy(listener, servers, plans);
    } catch (IOException e) {
      throw new UncheckedIOException("listen on 127.0.0.1", e);
    }
  }

  /** Takes the place of a socket: who connects to its path from now on comes here. */
  static FaultProxy unix(Path socket, Supplier<FaultPlan> plans) {
    try {
      Path aside = socket.resolveSibling(socket.getFileName() + "-");
      Files.move(socket, aside);
      ServerSocketChannel listener =
          ServerSocketChannel.open(StandardProtocolFamily.UNIX)
              .bind(UnixDomainSocketAddress.of(socket));
      return new FaultProxy(listener, List.of(UnixDomainSocketAddress.of(aside)), plans);
    } catch (IOException e) {
      throw new UncheckedIOException("take the place of " + socket, e);
    }
  }

  /** Of a TCP proxy. */
  int port() {
    try {
      return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Connections that were cut, as their plans said. */
  int cuts() {
    return cuts.get();
  }

  /** Milliseconds from each cut until 2 KiB of a server's bytes have come through again. */
  List<Long> pauses() {
    return List.copyOf(pauses);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel client = listener.accept();
        FaultPlan plan = plans.get();
        Thread.ofVirtual().start(() -> serve(client, plan));
      }
    } catch (IOException _) {
      // Closed.
    }
  }

  private void serve(SocketChannel client, FaultPlan plan) {
    int first = accepted.getAndIncrement();
    for (int i = 0; i < servers.size(); i++) {
      try {
        SocketChannel server = SocketChannel.open(servers.get((first + i) % servers.size()));
        Connection connection = new Connection(client, server, plan);
        connections.add(connection);
        Thread.ofVirtual().start(() -> connection.pump(server, client, true));
        connection.pump(client, server, false);
        return;
      } catch (IOException _) {
        // Not this one.
      }
    }
    close(client, true);
  }

  private final class Connection {
    private final SocketChannel client;
    private final SocketChannel server;
    private final FaultPlan plan;
    private long received;

    Connection(SocketChannel client, SocketChannel server, FaultPlan plan) {
      this.client = client;
      this.server = server;
      this.plan = plan;
    }

    void pump(SocketChannel from, SocketChannel to, boolean fromServer) {
      ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
      long left = plan.fromServer() == fromServer ? plan.afterBytes() : Long.MAX_VALUE;
      try {
        while (left > 0
            && from.read(buffer.clear().limit((int) Math.min(left, BUFFER_BYTES))) >= 0) {
          buffer.flip();
          left -= buffer.remaining();
          if (fromServer) {
            inUse(buffer.remaining());
          }
          for (ByteBuffer piece : plan.noise().mangle(buffer)) {
            while (piece.hasRemaining()) {
              to.write(piece);
            }
          }
        }
        if (left > 0) {
          to.shutdownOutput();
        } else {
          fault();
        }
      } catch (IOException _) {
        end(true);
      }
    }

    private void inUse(int bytes) {
      received += bytes;
      long since = cutSince;
      if (since != 0 && received >= IN_USE_BYTES) {
        cutSince = 0;
        pauses.add((System.nanoTime() - since) / 1_000_000);
      }
    }

    private void fault() {
      cuts.incrementAndGet();
      if (cutSince == 0) {
        cutSince = System.nanoTime();
      }
      try {
        Thread.sleep(plan.stall());
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      end(plan.reset());
    }

    void end(boolean reset) {
      connections.remove(this);
      close(client, reset);
      close(server, reset);
    }
  }

  private static void close(SocketChannel channel, boolean reset) {
    try (channel) {
      if (reset && channel.getLocalAddress() instanceof InetSocketAddress) {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
    } catch (IOException _) {
      // Gone already.
    }
  }

  /** Cuts what is connected, and takes nobody any more. */
  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    connections.forEach(connection -> connection.end(true));
  }
}
