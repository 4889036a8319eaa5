package dev.orchard.worker.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QmpTest {
  @TempDir private Path folder;
  private final List<String> heard = new CopyOnWriteArrayList<>();

  /** A monitor that greets and then gives one answer for each line. */
  private Path monitor(String... answers) throws IOException {
    Path path = folder.resolve("qmp.sock");
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    Thread.ofVirtual()
        .start(() -> {
          try (server;
              SocketChannel client = server.accept()) {
            BufferedReader in =
                new BufferedReader(
                    new InputStreamReader(Channels.newInputStream(client), StandardCharsets.UTF_8));
            say(client, "{\"QMP\": {\"version\": {}}}");
            for (String answer : answers) {
              heard.add(in.readLine());
              say(client, answer);
            }
          } catch (IOException e) {
            heard.add(e.toString());
          }
        });
    return path;
  }

  private static void say(SocketChannel client, String line) throws IOException {
    Channels.newOutputStream(client).write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void commandsAreAnsweredAndEventsSkipped() throws IOException {
    Path path =
        monitor(
            "{\"return\": {}}",
            "{\"event\": \"POWERDOWN\"}\r\n{\"return\": {\"status\": \"running\"}}");

    try (Qmp qmp = Qmp.connect(path)) {
      assertThat(qmp.execute("query-status").path("status").asText()).isEqualTo("running");
    }

    assertThat(heard)
        .containsExactly("{\"execute\":\"qmp_capabilities\"}", "{\"execute\":\"query-status\"}");
  }

  @Test
  void aRefusalNamesTheCommand() throws IOException {
    Path path = monitor("{\"return\": {}}", "{\"error\": {\"desc\": \"not now\"}}");

    try (Qmp qmp = Qmp.connect(path)) {
      assertThatThrownBy(() -> qmp.execute("quit"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("quit")
          .hasMessageContaining("not now");
    }
  }

  @Test
  void aMonitorThatClosesIsAnError() throws IOException {
    Path path = monitor("{\"return\": {}}");

    try (Qmp qmp = Qmp.connect(path)) {
      assertThatThrownBy(() -> qmp.execute("quit")).isInstanceOf(IOException.class);
    }
  }
}
