package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.frame.StdStream;
import io.helidon.webserver.ConnectionContext;
import io.helidon.websocket.WsSession;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** The controller's end of one WebSocket. */
final class FakeAttachment {
  private final String path;
  private final String query;
  private final String authorization;
  private final BlockingQueue<Frame.In> arrived = new LinkedBlockingQueue<>();
  private volatile @Nullable WsSession socket;

  FakeAttachment(String path, String query, String authorization) {
    this.path = path;
    this.query = query;
    this.authorization = authorization;
  }

  String path() {
    return path;
  }

  String query() {
    return query;
  }

  String authorization() {
    return authorization;
  }

  void open(WsSession session) {
    socket = session;
  }

  void arrived(String json) {
    arrived.add(JsonFrames.decodeIn(json.getBytes(StandardCharsets.UTF_8)));
  }

  private WsSession socket() {
    return Objects.requireNonNull(socket);
  }

  FakeAttachment send(Frame.Out... frames) {
    for (Frame.Out frame : frames) {
      sendText(new String(JsonFrames.encode(frame), StandardCharsets.UTF_8));
    }
    return this;
  }

  void sendText(String text) {
    socket().send(text, true);
  }

  FakeAttachment started() {
    return send(new Frame.Started("s", 42, "boot", "secret-ticket"));
  }

  FakeAttachment stdout(long offset, String text) {
    return send(new Frame.Output(StdStream.STDOUT, offset, ByteString.copyFromUtf8(text)));
  }

  FakeAttachment stderr(long offset, String text) {
    return send(new Frame.Output(StdStream.STDERR, offset, ByteString.copyFromUtf8(text)));
  }

  FakeAttachment ack(long offset) {
    return send(new Frame.Ack(offset));
  }

  /** An exit whose lengths and digests say that exactly this was written. */
  FakeAttachment exit(int code, String stdout, String stderr) {
    return send(exited(code, stdout, stderr));
  }

  static Frame.Exit exited(int code, String stdout, String stderr) {
    return new Frame.Exit(
        code,
        null,
        ExitReason.EXITED,
        stdout.getBytes(StandardCharsets.UTF_8).length,
        stderr.getBytes(StandardCharsets.UTF_8).length,
        sha256(stdout),
        sha256(stderr),
        false,
        Duration.ofMillis(5),
        null);
  }

  static ByteString sha256(String text) {
    try {
      return ByteString.copyFrom(
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The next frame but for heartbeats. */
  Frame.In received() throws InterruptedException {
    Frame.In frame = FakeController.taken(arrived, "no frame came");
    while (frame instanceof Frame.Heartbeat) {
      frame = FakeController.taken(arrived, "no frame came");
    }
    return frame;
  }

  Frame.Stdin stdin() throws InterruptedException {
    Frame.In frame = received();
    assertThat(frame).isInstanceOf(Frame.Stdin.class);
    return (Frame.Stdin) frame;
  }

  /** As a replica that dies: without a word. */
  void cut() {
    ((ConnectionContext) socket().socketContext()).serverSocket().close();
  }

  void close(int status, String reason) {
    socket().close(status, reason);
  }
}
