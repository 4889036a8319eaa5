package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.worker.road.HttpProxy;
import dev.orchard.worker.road.Transport;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A worker whose only way out is a proxy that knows no HTTP/2. */
class ProxiedWorkerIT {
  private static final int MIB = 1 << 20;

  @Test
  void runsCommandsThroughAProxyThatKnowsConnectAlone() throws Exception {
    // Not closed: the system, which ends with the JVM, needs it.
    ConnectProxy proxy = new ConnectProxy();
    DevSystem system =
        DevSystem.with(
            RuntimeChoice.PROCESS,
            Transport.HTTP,
            new HttpProxy("127.0.0.1", proxy.port(), List.of()));
    ExecClient client = new ExecClient(system);
    client.createVm("proxied");

    Frames frames =
        new Frames(
            client.exec(
                "proxied",
                Map.of("command", List.of("sh", "-c", "seq 1 9000000 | head -c " + 16 * MIB))));

    frames.areWhole();
    assertThat(frames.bytes(StdStream.STDOUT).size()).isEqualTo(16 * MIB);
    // The link, and the command's attachment.
    assertThat(proxy.connected())
        .hasSizeGreaterThanOrEqualTo(2)
        .containsOnly("CONNECT 127.0.0.1:%d HTTP/1.1".formatted(system.url().getPort()));
  }
}
