package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.orchard.dev.guest.RuntimeChoice;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Programs in a VM, with no network to it, as a client on the network reaches them. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class PortForwardScenarios {
  private static final int SIXTEEN_MIB = 16 << 20;

  protected final RuntimeChoice runtime;
  private final String vm;
  private ExecClient client;
  private int echo;
  private int digest;

  @SuppressWarnings("NullAway.Init")
  PortForwardScenarios(RuntimeChoice runtime, String vm) {
    this.runtime = runtime;
    this.vm = vm;
  }

  @BeforeAll
  void startPrograms() throws IOException, InterruptedException {
    client = new ExecClient(system());
    client.createVm(vm);
    echo = serve("cat");
    digest = serve("sha256sum");
  }

  /** Where the VM is. */
  protected DevSystem system() throws InterruptedException {
    return DevSystem.with(runtime);
  }

  /** A program for each connection to the port that it returns. */
  private int serve(String program) throws IOException, InterruptedException {
    int port = freePort();
    client.start(
        vm,
        Map.of(
            "command",
            List.of("busybox", "nc", "-ll", "-p", Integer.toString(port), "-e", program)));
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptionsMatching(CompletionException.class::isInstance)
        .until(() -> {
          client.forward(vm, port).join().close();
          return true;
        });
    return port;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static byte[] random(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void carriesSixteenMebibytesThereAndBack() throws Exception {
    byte[] data = random(1, SIXTEEN_MIB);
    PortSocket socket = client.forward(vm, echo).join();
    CompletableFuture<Void> sent =
        CompletableFuture.runAsync(() -> {
          socket.send(data);
          socket.end();
        });

    assertThat(Frames.sha256(ByteString.copyFrom(socket.all())))
        .isEqualTo(Frames.sha256(ByteString.copyFrom(data)));
    sent.get(60, TimeUnit.SECONDS);
  }

  @Test
  void answersWhenTheClientsHalfHasEnded() throws Exception {
    byte[] data = random(2, SIXTEEN_MIB);
    PortSocket socket = client.forward(vm, digest).join();

    socket.send(data);
    socket.end();

    assertThat(new String(socket.all(), StandardCharsets.UTF_8))
        .startsWith(
            HexFormat.of().formatHex(Frames.sha256(ByteString.copyFrom(data)).toByteArray()));
  }

  @Test
  void servesManyConnectionsAtOnce() throws Exception {
    List<PortSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      sockets.add(client.forward(vm, echo).join());
    }
    for (int i = 0; i < sockets.size(); i++) {
      byte[] own = ("connection " + i).getBytes(StandardCharsets.UTF_8);
      sockets.get(i).send(own);
      assertThat(sockets.get(i).first(own.length)).isEqualTo(own);
    }
    sockets.forEach(PortSocket::close);
  }

  @Test
  void refusesAPortOnWhichNothingListens() throws Exception {
    int port = freePort();

    assertThat(refusal(port).statusCode()).isEqualTo(503);
  }

  private HttpResponse<?> refusal(int port) {
    try {
      client.forward(vm, port).join();
      throw new AssertionError("port " + port + " was opened");
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return refused.getResponse();
      }
      throw e;
    }
  }

  /** What {@code GET …/ip} answers. */
  HttpResponse<String> address() throws IOException, InterruptedException {
    return client.send(
        client.request("/v1/vms/" + vm + "/ip?wait=10").GET(), BodyHandlers.ofString());
  }
}
