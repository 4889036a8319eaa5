package dev.orchard.client;

import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** Makes attempts to attach to a session, each on a thread of its own. */
final class Connector {
  private final String session;
  private final SessionOpener opener;
  private final Consumer<Event> events;
  private volatile boolean closed;

  Connector(String session, SessionOpener opener, Consumer<Event> events) {
    this.session = session;
    this.opener = opener;
    this.events = events;
  }

  /** One attempt after a delay; answers with {@link Event.Connected} or {@code NotConnected}. */
  void attempt(int connection, long from, String ticket, Duration delay) {
    Thread.ofVirtual()
        .name("connect-" + connection)
        .start(() -> {
          try {
            Thread.sleep(delay);
            if (!closed) {
              tell(outcome(connection, from, ticket));
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** No attempt begins any more, and a connection that one still makes is dropped. */
  synchronized void close() {
    closed = true;
  }

  private synchronized void tell(Event event) {
    if (closed && event instanceof Event.Connected(int _, SessionStream late)) {
      late.abort();
    } else {
      events.accept(event);
    }
  }

  private Event outcome(int connection, long from, String ticket) {
    try {
      return switch (opener.open(from, connection > 1, ticket, listener(connection))) {
        case Reply.Done<SessionStream>(SessionStream socket) ->
            new Event.Connected(connection, socket);
        case Reply.Refused<SessionStream> refused ->
            new Event.NotConnected(
                connection,
                "session %s: %s (%d)".formatted(session, refused.message(), refused.status()),
                refused.isPassing(),
                refused.retryAfter());
        case Reply.Failed<SessionStream>(String why) ->
            new Event.NotConnected(connection, why, true, Optional.empty());
      };
    } catch (ClientException e) {
      return new Event.NotConnected(
          connection, String.valueOf(e.getMessage()), false, Optional.empty());
    } catch (RuntimeException e) {
      // Of a caller's own source of credentials, say.
      return new Event.NotConnected(connection, "cannot connect: " + e, false, Optional.empty());
    }
  }

  private SessionStream.Listener listener(int connection) {
    return new SessionStream.Listener() {
      @Override
      public void received(Frame.Out frame) {
        events.accept(new Event.Received(connection, frame));
      }

      @Override
      public void sent() {
        events.accept(new Event.Sent(connection));
      }

      @Override
      public void closed(String why) {
        events.accept(new Event.Closed(connection, why));
      }

      @Override
      public void finished() {
        events.accept(new Event.Finished(connection));
      }

      @Override
      public void broken(String why) {
        events.accept(new Event.Broken(connection, why));
      }
    };
  }
}
