package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The proxy itself: a fault that it does not make would be a fault that is never tested. */
@SuppressWarnings("NullAway.Init")
class FaultProxyTest {
  private static final int BYTES = 100_000;

  private ServerSocket server;

  /** Sends each client the same bytes, then ends. */
  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              try (Socket client = server.accept()) {
                client.getOutputStream().write(bytes());
              }
            }
          } catch (IOException _) {
            // Closed, or a client has left.
          }
        });
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private static byte[] bytes() {
    byte[] bytes = new byte[BYTES];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private byte[] read(Supplier<FaultPlan> plans, int... ports) throws IOException {
    List<Integer> servers = java.util.Arrays.stream(ports).boxed().toList();
    try (FaultProxy proxy = FaultProxy.tcp(servers, plans);
        Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      return client.getInputStream().readAllBytes();
    }
  }

  private static FaultPlan cut(long afterBytes, boolean reset) {
    return new FaultPlan(true, afterBytes, Duration.ZERO, reset, Noise.NONE);
  }

  @Test
  void passesEverythingOnWithoutAPlan() throws IOException {
    assertThat(read(() -> FaultPlan.NONE, server.getLocalPort())).isEqualTo(bytes());
  }

  @Test
  void cutsAtTheVeryByte() throws IOException {
    assertThat(read(() -> cut(12_345, false), server.getLocalPort())).hasSize(12_345);
  }

  @Test
  void resets() {
    assertThatIOException()
        .isThrownBy(() -> read(() -> cut(12_345, true), server.getLocalPort()))
        .withMessageContaining("reset");
  }

  @Test
  void passesADeadServerOver() throws IOException {
    int dead;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dead = socket.getLocalPort();
    }
    assertThat(read(() -> FaultPlan.NONE, dead, server.getLocalPort())).isEqualTo(bytes());
  }

  @Test
  void noiseLosesDoublesOrGarblesOneByteOfMany() {
    Noise noise = new Noise(1, 10);
    int changed = 0;
    for (int i = 0; i < 100; i++) {
      List<ByteBuffer> mangled = noise.mangle(ByteBuffer.wrap(bytes(), 0, 10));
      int length = mangled.stream().mapToInt(ByteBuffer::remaining).sum();
      assertThat(length).isBetween(9, 11);
      ByteBuffer whole = ByteBuffer.allocate(length);
      mangled.forEach(whole::put);
      if (!whole.flip().equals(ByteBuffer.wrap(bytes(), 0, 10))) {
        changed++;
      }
    }
    assertThat(changed).isGreaterThan(50);
  }
}
