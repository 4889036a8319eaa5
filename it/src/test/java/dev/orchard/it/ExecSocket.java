package dev.orchard.it;

import static java.util.Objects.requireNonNull;

import dev.orchard.exec.frame.Frame;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** An interactive session over its WebSocket. */
final class ExecSocket implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120;

  private final BlockingQueue<Frame.Out> received = new LinkedBlockingQueue<>();
  private @Nullable WebSocket socket;

  void connected(WebSocket opened) {
    socket = opened;
  }

  WebSocket.Listener listener() {
    return new WebSocket.Listener() {
      private final StringBuilder text = new StringBuilder();

      @Override
      public @Nullable CompletionStage<?> onText(WebSocket ws, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
          received.add(ExecClient.frame(text.toString()));
          text.setLength(0);
        }
        ws.request(1);
        return null;
      }
    };
  }

  void send(Frame.In frame) {
    ExecClient.send(requireNonNull(socket), frame);
  }

  /** The frames up to and with the first that matches. */
  List<Frame.Out> until(Predicate<Frame.Out> wanted) throws InterruptedException {
    List<Frame.Out> frames = new ArrayList<>();
    do {
      Frame.Out frame = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (frame == null) {
        throw new AssertionError("nothing more came after " + frames);
      }
      frames.add(frame);
    } while (!wanted.test(frames.getLast()));
    return frames;
  }

  /** The frames up to the one behind which output, decoded, contains the text. */
  List<Frame.Out> untilOutput(String text) throws InterruptedException {
    StringBuilder seen = new StringBuilder();
    return until(frame -> {
      if (frame instanceof Frame.Output output) {
        seen.append(output.data().toStringUtf8());
      }
      return seen.indexOf(text) >= 0;
    });
  }

  @Override
  public void close() {
    requireNonNull(socket).abort();
  }
}
