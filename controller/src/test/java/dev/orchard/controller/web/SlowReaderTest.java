package dev.orchard.controller.web;

import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.started;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.controller.ControllerSettings;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.worker.v1.StartExec;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SlowReaderTest {
  private static final ByteString CHUNK = ByteString.copyFrom(new byte[Frame.MAX_DATA]);

  /** More than all buffers on the way of a reader who stops: sockets, TLS, gRPC's window. */
  private static final int MANY = 2_000;

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture =
        Fixture.start(folder, ControllerSettings.Timeouts.DEFAULT.withWrite(Duration.ofSeconds(2)));
    worker = fixture.worker("w1");
    fixture.readyVm("hello", worker);
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  private static Frame.Output chunk(int index) {
    return new Frame.Output(StdStream.STDOUT, (long) index * CHUNK.size(), CHUNK);
  }

  private FakeWorker.Stream answer(String name) throws InterruptedException {
    StartExec start = worker.takeStart().getStartExec();
    assertThat(start.getSpec().getName()).isEqualTo(name);
    return worker.answer(start.getAttachment()).send(started(name));
  }

  private static String body(String name) {
    return "{\"command\":[\"/bin/yes\"],\"name\":\"%s\"}".formatted(name);
  }

  /** Sends until there is no more room. */
  private static int fill(FakeWorker.Stream stream) throws InterruptedException {
    int sent = 0;
    while (sent < MANY && stream.sendWhenReady(chunk(sent), 700)) {
      sent++;
    }
    return sent;
  }

  @Test
  void holdsLittleForAReaderThatStopsAndDoesNotStopAnother() throws Exception {
    Fixture.Following stopped = fixture.start("hello", body("stopped"));
    FakeWorker.Stream slow = answer("stopped");
    InputStream unread = stopped.headers().body();
    Fixture.Following reading = fixture.start("hello", body("reading"));
    FakeWorker.Stream fast = answer("reading");

    int held = fill(slow);
    assertThat(held).isLessThan(MANY);
    CompletableFuture<String> read = CompletableFuture.supplyAsync(() -> read(reading));
    for (int i = 0; i < 400; i++) {
      assertThat(fast.sendWhenReady(chunk(i), 10_000)).isTrue();
    }
    fast.send(exited(0, 400L * CHUNK.size()));

    assertThat(Fixture.events(read.get(20, TimeUnit.SECONDS))).hasSize(402).endsWith("exit");
    unread.close();
  }

  private static String read(Fixture.Following following) {
    try {
      return following.body();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void freesTheSocketOfANdjsonReaderThatTakesNothing() throws Exception {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      String body = body("stuck");
      out.write(
          ("POST /v1/vms/hello/exec HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                  + TestApi.ALICE
                  + "\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body)
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      FakeWorker.Stream stream = answer("stuck");
      fill(stream);

      assertThat(stream.over().isOk()).isTrue();
    }
  }

  @Test
  void freesTheSocketOfAWebSocketThatTakesNothing() throws Exception {
    Fixture.Following unread = fixture.start("hello", body("ws"));
    FakeWorker.Stream first = answer("ws");
    CompletableFuture<WebSocket> opening =
        fixture
            .http
            .newWebSocketBuilder()
            .header("Authorization", "Bearer " + TestApi.ALICE)
            .buildAsync(
                java.net.URI.create(
                    fixture.uri("/v1/vms/hello/exec/ws").toString().replace("https", "wss")),
                new WebSocket.Listener() {
                  @Override
                  public void onOpen(WebSocket socket) {
                    // Asks for nothing, and so reads nothing.
                  }
                });
    var instruction = worker.take(FakeWorker::attaches);
    FakeWorker.Stream stream =
        worker.answer(
            instruction.hasAttach()
                ? instruction.getAttach()
                : instruction.getStartExec().getAttachment());
    opening.get(10, TimeUnit.SECONDS);
    assertThat(fill(stream)).isLessThan(MANY);

    assertThat(stream.over().isOk()).isTrue();
    first.send(exited(0, 0));
    assertThat(unread.body()).contains("exit");
  }

  @Test
  void takesAReaderThatLeavesForNoDefect() throws Exception {
    List<LogRecord> defects = new CopyOnWriteArrayList<>();
    Logger logger = Logger.getLogger(Problems.class.getName());
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            defects.add(entry);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    try {
      Fixture.Following leaving = fixture.start("hello", body("leaving"));
      FakeWorker.Stream stream = answer("leaving");
      leaving.headers().body().close();
      fill(stream);

      assertThat(stream.over().isOk()).isTrue();
      assertThat(defects).isEmpty();
    } finally {
      logger.removeHandler(handler);
    }
  }

  private Socket connect() throws Exception {
    Socket socket =
        fixture
            .certificate
            .clientContext()
            .getSocketFactory()
            .createSocket("localhost", fixture.controller.httpPort());
    socket.setReceiveBufferSize(8 << 10);
    return socket;
  }
}
