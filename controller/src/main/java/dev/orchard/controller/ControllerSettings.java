package dev.orchard.controller;

import dev.orchard.controller.web.HttpLimits;
import dev.orchard.controller.web.Origins;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a replica that can be set.
 *
 * @param bindAddress of both ports
 * @param httpPort of the HTTP API; 0 takes a free one
 * @param workerPort of the workers' gRPC gateway; 0 takes a free one
 * @param certificate PEM file of the certificate chain of both ports, the server's own first
 * @param privateKey PEM file of its key, PKCS #8
 * @param namespace where the workers' ServiceAccounts and Leases are
 * @param replica name of this replica, the same for its lifetime
 * @param replicas how many there are, itself included
 * @param ticketKey file of the key that all replicas sign tickets with, and perhaps of another that
 *     they know; absent: a random one, of this replica alone
 * @param limits of what callers may do to the HTTP API
 */
public record ControllerSettings(
    String bindAddress,
    int httpPort,
    int workerPort,
    Path certificate,
    Path privateKey,
    String namespace,
    String replica,
    int replicas,
    @Nullable Path ticketKey,
    Timeouts timeouts,
    HttpLimits limits) {
  public static final int DEFAULT_HTTP_PORT = 6120;
  public static final int DEFAULT_WORKER_PORT = 6121;
  public static final String DEFAULT_NAMESPACE = "orchard-system";

  /**
   * How long this replica waits for whom.
   *
   * @param rendezvous for a worker to answer an attachment
   * @param write for a client to take one frame, before its socket is given up
   * @param heartbeat of silence on a stream before a heartbeat goes out
   * @param silence of a worker's link or a WebSocket client before it is taken for dead
   * @param workers for known workers to dial this replica before it is ready without them
   */
  public record Timeouts(
      Duration rendezvous, Duration write, Duration heartbeat, Duration silence, Duration workers) {
    public static final Timeouts DEFAULT =
        new Timeouts(
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(15),
            Duration.ofSeconds(45),
            Duration.ofSeconds(30));

    public Timeouts withWrite(Duration write) {
      return new Timeouts(rendezvous, write, heartbeat, silence, workers);
    }

    public Timeouts withRendezvous(Duration rendezvous) {
      return new Timeouts(rendezvous, write, heartbeat, silence, workers);
    }

    public Timeouts withHeartbeat(Duration heartbeat) {
      return new Timeouts(rendezvous, write, heartbeat, silence, workers);
    }

    public Timeouts withSilence(Duration silence) {
      return new Timeouts(rendezvous, write, heartbeat, silence, workers);
    }
  }

  /** Defaults for everything but the certificate: all addresses, the usual ports, one replica. */
  public static ControllerSettings of(Path certificate, Path privateKey) {
    return new ControllerSettings(
        "0.0.0.0",
        DEFAULT_HTTP_PORT,
        DEFAULT_WORKER_PORT,
        certificate,
        privateKey,
        DEFAULT_NAMESPACE,
        "controller-0",
        1,
        null,
        Timeouts.DEFAULT,
        HttpLimits.DEFAULT);
  }

  /**
   * Reads {@code ORCHARD_TLS_CERT}, {@code ORCHARD_TLS_KEY} (both needed), {@code
   * ORCHARD_BIND_ADDRESS}, {@code ORCHARD_HTTP_PORT}, {@code ORCHARD_WORKER_PORT}, {@code
   * ORCHARD_NAMESPACE}, {@code ORCHARD_REPLICA} (else {@code HOSTNAME}) and {@code
   * ORCHARD_REPLICAS}, {@code ORCHARD_TICKET_KEY}, {@code ORCHARD_ALLOWED_ORIGINS}, {@code
   * ORCHARD_CALLER_REQUESTS} and {@code ORCHARD_CALLER_STARTS}.
   */
  public static ControllerSettings of(Map<String, String> environment) {
    ControllerSettings defaults =
        of(
            Path.of(required(environment, "ORCHARD_TLS_CERT")),
            Path.of(required(environment, "ORCHARD_TLS_KEY")));
    String ticketKey = environment.get("ORCHARD_TICKET_KEY");
    return new ControllerSettings(
        environment.getOrDefault("ORCHARD_BIND_ADDRESS", defaults.bindAddress),
        number(environment, "ORCHARD_HTTP_PORT", defaults.httpPort),
        number(environment, "ORCHARD_WORKER_PORT", defaults.workerPort),
        defaults.certificate,
        defaults.privateKey,
        environment.getOrDefault("ORCHARD_NAMESPACE", defaults.namespace),
        Optional.ofNullable(environment.get("ORCHARD_REPLICA"))
            .or(() -> Optional.ofNullable(environment.get("HOSTNAME")))
            .orElse(defaults.replica),
        number(environment, "ORCHARD_REPLICAS", defaults.replicas),
        ticketKey == null || ticketKey.isEmpty() ? null : Path.of(ticketKey),
        defaults.timeouts,
        limits(environment));
  }

  /** A copy that listens on {@code bindAddress} alone, on these ports. */
  public ControllerSettings withAddress(String bindAddress, int httpPort, int workerPort) {
    return new ControllerSettings(
        bindAddress,
        httpPort,
        workerPort,
        certificate,
        privateKey,
        namespace,
        replica,
        replicas,
        ticketKey,
        timeouts,
        limits);
  }

  public ControllerSettings withTicketKey(Path ticketKey) {
    return new ControllerSettings(
        bindAddress,
        httpPort,
        workerPort,
        certificate,
        privateKey,
        namespace,
        replica,
        replicas,
        ticketKey,
        timeouts,
        limits);
  }

  public ControllerSettings withTimeouts(Timeouts timeouts) {
    return new ControllerSettings(
        bindAddress,
        httpPort,
        workerPort,
        certificate,
        privateKey,
        namespace,
        replica,
        replicas,
        ticketKey,
        timeouts,
        limits);
  }

  public ControllerSettings withLimits(HttpLimits limits) {
    return new ControllerSettings(
        bindAddress,
        httpPort,
        workerPort,
        certificate,
        privateKey,
        namespace,
        replica,
        replicas,
        ticketKey,
        timeouts,
        limits);
  }

  private static HttpLimits limits(Map<String, String> environment) {
    HttpLimits defaults = HttpLimits.DEFAULT;
    return defaults
        .withAllowedOrigins(Origins.parse(environment.getOrDefault("ORCHARD_ALLOWED_ORIGINS", "")))
        .withPerCaller(
            number(environment, "ORCHARD_CALLER_REQUESTS", defaults.requestsPerCaller()),
            number(environment, "ORCHARD_CALLER_STARTS", defaults.startsPerCaller()));
  }

  private static String required(Map<String, String> environment, String key) {
    String value = environment.get(key);
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException(key + " is not set: it names a PEM file");
    }
    return value;
  }

  private static int number(Map<String, String> environment, String key, int absent) {
    String value = environment.get(key);
    if (value == null) {
      return absent;
    }
    try {
      int number = Integer.parseInt(value);
      if (number < 0 || number > 65_535) {
        throw new NumberFormatException("out of range");
      }
      return number;
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s=%s is no number from 0 to 65535".formatted(key, value), e);
    }
  }
}
