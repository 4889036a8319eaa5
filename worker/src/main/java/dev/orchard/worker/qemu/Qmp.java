package dev.orchard.worker.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** One conversation with QEMU's monitor, bounded in time. QEMU talks to one client at a time. */
final class Qmp implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int MAX_LINE_BYTES = 64 << 10;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final SocketChannel socket;
  private final InputStream in;
  private final OutputStream out;
  private final Thread watchdog;

  private Qmp(SocketChannel socket) {
    this.socket = socket;
    this.in = Channels.newInputStream(socket);
    this.out = Channels.newOutputStream(socket);
    this.watchdog = Thread.ofVirtual().name("qmp-watchdog").start(this::closeLate);
  }

  static Qmp connect(Path path) throws IOException {
    SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
    Qmp qmp = new Qmp(socket);
    try {
      qmp.read();
      qmp.execute("qmp_capabilities");
      return qmp;
    } catch (IOException e) {
      qmp.close();
      throw e;
    }
  }

  /** Returns when QEMU has answered; events in between are skipped. */
  JsonNode execute(String command) throws IOException {
    byte[] line = JSON.writeValueAsBytes(Map.of("execute", command));
    out.write(line);
    out.write('\n');
    out.flush();
    while (true) {
      JsonNode answer = read();
      if (answer.has("return")) {
        return answer.path("return");
      }
      if (answer.has("error")) {
        throw new IOException("QMP %s: %s".formatted(command, answer.path("error").path("desc")));
      }
    }
  }

  private JsonNode read() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("QEMU closed its monitor");
      }
      if (line.length() >= MAX_LINE_BYTES) {
        throw new IOException("QMP line is longer than " + MAX_LINE_BYTES + " bytes");
      }
      line.append((char) b);
    }
    try {
      return JSON.readTree(line.toString().getBytes(StandardCharsets.ISO_8859_1));
    } catch (JsonProcessingException e) {
      throw new IOException("QMP line is no JSON", e);
    }
  }

  @Override
  public void close() throws IOException {
    watchdog.interrupt();
    socket.close();
  }

  private void closeLate() {
    try {
      Thread.sleep(PATIENCE);
      socket.close();
    } catch (InterruptedException e) {
      // Closed in time.
    } catch (IOException e) {
      // Closing a local socket: nobody is left who could do anything about it.
    }
  }
}
