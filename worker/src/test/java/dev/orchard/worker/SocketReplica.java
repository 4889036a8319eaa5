package dev.orchard.worker;

import dev.orchard.proto.worker.v1.Greeting;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.LinkHeartbeat;
import dev.orchard.proto.worker.v1.WorkerReport;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** A replica's HTTP port without a replica: links over WebSockets, which are greeted and kept. */
final class SocketReplica implements AutoCloseable {
  private static final String KEY = "Sec-WebSocket-Key: ";
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int BINARY = 2;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;
  private static final int FINAL = 0x80;

  private final SSLServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger registered = new AtomicInteger();
  private final AtomicInteger pings = new AtomicInteger();

  SocketReplica(TestCertificate certificate) throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(certificate.keys().getKeyManagers(), null, null);
    server =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 0, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  InetSocketAddress address() {
    return (InetSocketAddress) server.getLocalSocketAddress();
  }

  /** How many links were registered. */
  int registered() {
    return registered.get();
  }

  /** How many pings were answered. */
  int pings() {
    return pings.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      upgrade(socket, in);
      send(
          socket,
          BINARY,
          Instruction.newBuilder()
              .setGreeting(Greeting.newBuilder().setReplica("socket").setReplicas(1))
              .build()
              .toByteArray());
      while (take(socket, in)) {}
    } catch (IOException | GeneralSecurityException e) {
      // The link is over.
    }
  }

  @SuppressWarnings("deprecation") // Lines of ASCII are what it is good for.
  private static void upgrade(Socket socket, DataInputStream in)
      throws IOException, GeneralSecurityException {
    String accept = "";
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      if (line.startsWith(KEY)) {
        accept =
            Base64.getEncoder()
                .encodeToString(
                    MessageDigest.getInstance("SHA-1")
                        .digest(
                            (line.substring(KEY.length()) + GUID)
                                .getBytes(StandardCharsets.US_ASCII)));
      }
    }
    socket
        .getOutputStream()
        .write(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Protocol: v1.worker.orchard.dev\r\n"
                    + "Sec-WebSocket-Accept: %s\r\n\r\n".formatted(accept))
                .getBytes(StandardCharsets.US_ASCII));
  }

  /** One frame, whole and of less than 64 KiB as a quiet worker's are. False for the last. */
  private boolean take(Socket socket, DataInputStream in) throws IOException {
    int opcode = in.readUnsignedByte() & 0xf;
    int length = in.readUnsignedByte() & 0x7f;
    if (length == 126) {
      length = in.readUnsignedShort();
    }
    byte[] mask = in.readNBytes(4);
    byte[] payload = in.readNBytes(length);
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= mask[i % 4];
    }
    switch (opcode) {
      case BINARY -> report(socket, WorkerReport.parseFrom(payload));
      case PING -> {
        send(socket, PONG, payload);
        pings.incrementAndGet();
      }
      case CLOSE -> send(socket, CLOSE, payload);
      default -> {}
    }
    return opcode != CLOSE;
  }

  private void report(Socket socket, WorkerReport report) throws IOException {
    if (report.hasRegister()) {
      registered.incrementAndGet();
    } else if (report.hasHeartbeat()) {
      send(
          socket,
          BINARY,
          Instruction.newBuilder()
              .setHeartbeat(LinkHeartbeat.getDefaultInstance())
              .build()
              .toByteArray());
    }
  }

  private static void send(Socket socket, int opcode, byte[] payload) throws IOException {
    byte[] frame = new byte[2 + payload.length];
    frame[0] = (byte) (FINAL | opcode);
    // Nothing that it says is longer than 125 bytes.
    frame[1] = (byte) payload.length;
    System.arraycopy(payload, 0, frame, 2, payload.length);
    socket.getOutputStream().write(frame);
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
