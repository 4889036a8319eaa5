package dev.orchard.cli.exec;

import dev.orchard.cli.controller.Controller;
import dev.orchard.cli.controller.Reply;
import dev.orchard.cli.controller.SessionAddress;
import dev.orchard.cli.controller.SessionSocket;
import dev.orchard.cli.message.CliException;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.function.Consumer;

/** Makes attempts to attach to a session, each on a thread of its own. */
final class Connector {
  private final Controller controller;
  private final SessionAddress session;
  private final Consumer<Event> events;

  Connector(Controller controller, SessionAddress session, Consumer<Event> events) {
    this.controller = controller;
    this.session = session;
    this.events = events;
  }

  /** One attempt after a delay; answers with {@link Event.Connected} or {@code NotConnected}. */
  void attempt(int connection, long from, Duration delay) {
    Thread.ofVirtual()
        .name("connect-" + connection)
        .start(() -> {
          try {
            Thread.sleep(delay);
            events.accept(outcome(connection, from));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private Event outcome(int connection, long from) {
    try {
      return switch (controller.attach(session, from, connection > 1, listener(connection))) {
        case Reply.Done<SessionSocket>(SessionSocket socket) ->
            new Event.Connected(connection, socket);
        case Reply.Refused<SessionSocket> refused ->
            new Event.NotConnected(
                connection,
                "session %s: %s (%d)"
                    .formatted(session.session(), refused.message(), refused.status()),
                refused.isPassing());
        case Reply.Failed<SessionSocket>(String why) ->
            new Event.NotConnected(connection, why, true);
      };
    } catch (CliException e) {
      return new Event.NotConnected(connection, String.valueOf(e.getMessage()), false);
    }
  }

  private SessionSocket.Listener listener(int connection) {
    return new SessionSocket.Listener() {
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
      public void broken(String why) {
        events.accept(new Event.Broken(connection, why));
      }
    };
  }
}
