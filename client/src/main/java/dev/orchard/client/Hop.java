package dev.orchard.client;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The connection to a session: one at a time, made anew after each cut until that has brought
 * nothing for {@link #PATIENCE}. Owned by one thread.
 */
final class Hop {
  /** The session itself waits for a minute; its log and outcome can be read for longer. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  /** A connection on which nothing came for so long is dead. */
  private static final Duration DEAD = Duration.ofSeconds(45);

  /** The other end hears from us at least so often. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private final Connector connector;
  private final Outbox outbox;
  private final RandomGenerator random;
  private final int servers;
  private final LongSupplier nanos;

  private int number;
  private @Nullable SessionStream socket;
  private Backoff backoff;
  private String ticket = "";
  private boolean cut;
  private long cutAt;
  private long heardAt;
  private long spokeAt;

  /**
   * Without a connection.
   *
   * @param servers that attempts are made at in turn
   */
  Hop(Connector connector, Outbox outbox, RandomGenerator random, int servers, LongSupplier nanos) {
    this.connector = connector;
    this.outbox = outbox;
    this.random = random;
    this.servers = servers;
    this.nanos = nanos;
    this.backoff = new Backoff(random, servers);
  }

  /** The first attempt to connect. */
  void open(long from) {
    number++;
    connector.attempt(number, from, ticket, Duration.ZERO);
  }

  int number() {
    return number;
  }

  /** Whether an event is of the present connection; others are late and mean nothing. */
  boolean isCurrent(int connection) {
    return connection == number;
  }

  boolean isConnected() {
    return socket != null;
  }

  /** Whether nothing has failed since the last that came. */
  boolean isWhole() {
    return !cut;
  }

  /** For the next connections. */
  void ticket(String newer) {
    if (!newer.isEmpty()) {
      ticket = newer;
    }
  }

  void connected(SessionStream opened) {
    socket = opened;
    heardAt = nanos.getAsLong();
    spokeAt = heardAt;
    outbox.connected(opened);
    opened.receive();
  }

  /** A frame came; one that is not of a failure ends the trouble that was before it. */
  void heard(boolean well) {
    heardAt = nanos.getAsLong();
    if (well) {
      cut = false;
      backoff = new Backoff(random, servers);
    }
  }

  /**
   * The connection, or the attempt to make one, failed: makes another one, later.
   *
   * @param hint of the server, when
   */
  void reopen(long from, Optional<Duration> hint) {
    drop();
    if (!cut) {
      cut = true;
      cutAt = nanos.getAsLong();
    }
    number++;
    connector.attempt(number, from, ticket, backoff.next(hint));
  }

  /** Whether another attempt is not worth it. */
  boolean isHopeless() {
    return cut && since(cutAt).compareTo(PATIENCE) > 0;
  }

  /**
   * Sends what there is, or a sign of life.
   *
   * @param listening whether we take what comes: if not, silence says nothing of the other end
   * @return false where the other end is dead
   */
  boolean tend(boolean listening) {
    if (socket == null) {
      return true;
    }
    if (outbox.flush() || (since(spokeAt).compareTo(HEARTBEAT) > 0 && outbox.heartbeat())) {
      spokeAt = nanos.getAsLong();
    }
    if (!listening) {
      heardAt = nanos.getAsLong();
    }
    return since(heardAt).compareTo(DEAD) <= 0;
  }

  private Duration since(long then) {
    return Duration.ofNanos(nanos.getAsLong() - then);
  }

  /** Takes the next frame off the connection. */
  Runnable consumed() {
    SessionStream from = socket;
    return from == null ? () -> {} : from::consumed;
  }

  /** The session is over. */
  void close() {
    connector.close();
    if (socket != null) {
      socket.close();
    }
  }

  /** There is no connection any more. */
  void drop() {
    if (socket != null) {
      socket.abort();
      socket = null;
      outbox.disconnected();
    }
  }
}
