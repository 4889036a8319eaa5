package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Whatever is sent: no 5xx, nothing left behind, and nothing of it in the log. */
@TestInstance(Lifecycle.PER_CLASS)
class MalformedInputIT {
  private static final long SEED = Long.getLong("orchard.malformed.seed", 4);
  private static final int FRAMES = 10_000;
  private static final int REQUESTS = 500;
  private static final String VM = "malformed";
  private static final String SECRET = "s3cr3t-argument";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A few are the JDK's own, such as sockets to the Kubernetes API. */
  private static final int SLACK = 16;

  private final List<String> logged = new CopyOnWriteArrayList<>();
  private final Handler log = new Remembering();

  @SuppressWarnings("NullAway.Init")
  private DevSystem system;

  @SuppressWarnings("NullAway.Init")
  private ExecClient client;

  @SuppressWarnings("NullAway.Init")
  private RawHttp http;

  private String session = "";

  /** Every line of this JVM's log. */
  private final class Remembering extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();

    @Override
    public void publish(LogRecord entry) {
      logged.add(formatter.format(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @BeforeAll
  void start() throws Exception {
    system = DevSystem.with(RuntimeChoice.PROCESS);
    client = new ExecClient(system);
    http = new RawHttp(system);
    client.createVm(VM);
    session =
        client.start(
            VM,
            Map.of(
                "command", List.of("sh", "-c", "cat >/dev/null; : " + SECRET),
                "name", "malformed-target",
                "stdin", Map.of("type", "Attach")));
    Logger.getLogger("").addHandler(log);
  }

  @AfterAll
  void stop() {
    Logger.getLogger("").removeHandler(log);
  }

  @Test
  void leavesNothingOfTenThousandMalformedMessages() throws Exception {
    Random random = new Random(SEED);
    MalformedFrames frames = new MalformedFrames(random);
    Footprint before = Footprint.now();
    int sent = 0;
    while (sent < FRAMES) {
      try (RawHttp.RawSocket socket = http.socket(session + "?interactive=true&takeover=true")) {
        assertThat(socket.status()).as("seed %d", SEED).isEqualTo(101);
        // A server that closes is left alone: the next ones go to the next socket.
        int burst = 1 + random.nextInt(40);
        for (int i = 0; i < burst && socket.send(frames.next()); i++) {
          sent++;
        }
      }
    }
    isAsBefore(before);
    // The session itself has taken no harm.
    assertThat(client.read(session, "?follow=false").getFirst()).isInstanceOf(Frame.Started.class);
  }

  @Test
  void leavesNothingOfFiveHundredBadRequests() throws Exception {
    MalformedRequests requests =
        new MalformedRequests(new Random(SEED), VM, session, http.authorization());
    List<String> sessions = sessions();
    Footprint before = Footprint.now();
    for (int i = 0; i < REQUESTS; i++) {
      MalformedRequests.Request request = requests.next();
      String answer = http.exchange(request.bytes().toByteArray());
      assertThat(answer).as("seed %d: %s", SEED, request.what()).doesNotContain("HTTP/1.1 5");
      if (request.mustBeRefused()) {
        assertThat(answer).as("seed %d: %s", SEED, request.what()).doesNotContain("HTTP/1.1 2");
      }
    }
    assertThat(sessions()).isEqualTo(sessions);
    isAsBefore(before);
  }

  @Test
  void saysNothingOfTokensAndCommandsInItsLog() throws Exception {
    client.exec(VM, Map.of("command", List.of("echo", SECRET), "env", Map.of("S", SECRET)));
    assertThat(
            http.exchange(
                "GET /v1/vms?access_token=%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                    .formatted(SECRET)
                    .getBytes(StandardCharsets.US_ASCII)))
        .startsWith("HTTP/1.1 400");
    assertThat(logged).noneMatch(line -> line.contains(SECRET) || line.contains(system.token()));
  }

  private List<String> sessions() {
    return system.kubernetes().resources(VMExec.class).inAnyNamespace().list().getItems().stream()
        .filter(exec -> exec.getSpec().vmName().equals(VM))
        .map(exec -> exec.getMetadata().getName())
        .sorted()
        .toList();
  }

  private static void isAsBefore(Footprint before) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          Footprint now = Footprint.now();
          assertThat(now.files()).isLessThan(before.files() + SLACK);
          assertThat(now.threads()).isLessThan(before.threads() + SLACK);
        });
  }

  /** What this process holds: controller, worker and test, with their virtual threads. */
  private record Footprint(long files, long threads) {
    static Footprint now() throws IOException {
      Path dump = Files.createTempFile("threads-", ".json");
      Files.delete(dump);
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
      try (var lines = Files.lines(dump);
          var files = Files.list(Path.of("/proc/self/fd"))) {
        return new Footprint(
            files.count(), lines.filter(line -> line.contains("\"tid\":")).count());
      } finally {
        Files.delete(dump);
      }
    }
  }
}
