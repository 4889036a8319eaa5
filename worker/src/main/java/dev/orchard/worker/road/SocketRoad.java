package dev.orchard.worker.road;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.SocketStream;
import dev.orchard.worker.stream.StreamListener;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** WebSockets over HTTP/1.1: every stream is one, on a connection of its own. */
final class SocketRoad implements Road {
  private static final Logger log = LoggerFactory.getLogger(SocketRoad.class);
  private static final String SUBPROTOCOL = "v1.worker.orchard.dev";
  private static final String REPLICA = "Orchard-Replica";
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final int OTHER_REPLICA = 421;

  /** How long another replica may answer for the one that asked. */
  private static final Duration REDIAL = Duration.ofSeconds(10);

  private static final Duration REDIAL_PAUSE = Duration.ofMillis(100);

  private final URI address;
  private final BearerToken token;
  private final Liveness liveness;
  private final ExecutorService callbacks = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client;
  private @Nullable Detour detour;

  /**
   * @param at which of the name's addresses to dial; absent: any
   */
  SocketRoad(URI address, @Nullable InetAddress at, Dialing dialing) {
    this.address = address;
    this.token = new BearerToken(dialing.token());
    this.liveness = dialing.liveness();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(trusting(dialing.ca()))
            .connectTimeout(CONNECT)
            .executor(callbacks);
    HttpProxy proxy = dialing.proxy();
    if (proxy != null && proxy.serves(address.getHost())) {
      builder.proxy(proxy.selector());
    } else if (at != null) {
      detour = new Detour(new InetSocketAddress(at, address.getPort()));
      builder.proxy(ProxySelector.of(detour.entrance()));
    }
    this.client = builder.build();
  }

  static SSLContext trusting(Path ca) {
    try (InputStream pem = Files.newInputStream(ca)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        store.setCertificateEntry("ca-" + number++, certificate);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "controllers' CA %s is no PEM file of certificates".formatted(ca), e);
    }
  }

  @Override
  public String address() {
    return address.toString();
  }

  /** Known when a stream is opened. */
  @Override
  public boolean reach() {
    return true;
  }

  @Override
  public MessageStream<WorkerReport> link(int requested, StreamListener<Instruction> listener)
      throws InterruptedException {
    MessageStream<WorkerReport> stream =
        open("/v1/worker/link", Map.of(), Instruction.parser(), listener);
    stream.request(requested);
    return stream;
  }

  @Override
  public MessageStream<WorkerFrame> rendezvous(
      String replica, StreamListener<ControllerFrame> listener) throws InterruptedException {
    return open(
        "/v1/worker/rendezvous", Map.of(REPLICA, replica), ControllerFrame.parser(), listener);
  }

  private <Q extends MessageLite, A> MessageStream<Q> open(
      String path, Map<String, String> headers, Parser<A> parser, StreamListener<A> listener)
      throws InterruptedException {
    JdkWire.Listener incoming = new JdkWire.Listener();
    try {
      WebSocket opened = dial(path, headers, incoming);
      SocketStream<Q, A> stream =
          new SocketStream<>(
              "socket-" + address,
              new JdkWire(opened, liveness.silence()),
              parser,
              listener,
              liveness.ping(),
              liveness.silence());
      stream.socket().start();
      incoming.start(opened, stream.socket());
      return stream;
    } catch (IOException e) {
      log.info(
          "controller cannot be reached address={} path={}: {}", address, path, e.getMessage());
      listener.ended(String.valueOf(e.getMessage()));
      return new ClosedStream<>();
    }
  }

  private WebSocket dial(String path, Map<String, String> headers, WebSocket.Listener incoming)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + REDIAL.toNanos();
    while (true) {
      WebSocket.Builder builder =
          client
              .newWebSocketBuilder()
              .connectTimeout(CONNECT)
              .subprotocols(SUBPROTOCOL)
              .header("Authorization", token.header());
      headers.forEach(builder::header);
      try {
        URI target = URI.create("wss" + address.resolve(path).toString().substring(5));
        return builder.buildAsync(target, incoming).get();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof WebSocketHandshakeException refused)) {
          throw new IOException(e.getCause() == null ? e : e.getCause());
        }
        int status = refused.getResponse().statusCode();
        if (status != OTHER_REPLICA || System.nanoTime() - deadline > 0) {
          throw new IOException("answered with status %d".formatted(status), e);
        }
        // Another connection may well reach the replica that is meant.
        Thread.sleep(REDIAL_PAUSE);
      }
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
    callbacks.shutdownNow();
    if (detour != null) {
      detour.close();
    }
  }

  /** A stream that has never been there. */
  private static final class ClosedStream<Q> implements MessageStream<Q> {
    @Override
    public boolean isReady() {
      return false;
    }

    @Override
    public void send(Q message) {}

    @Override
    public void request(int messages) {}

    @Override
    public void complete() {}

    @Override
    public void cancel(String why) {}
  }
}
