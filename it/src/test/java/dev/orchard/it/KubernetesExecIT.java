package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.dev.cluster.ClusterAccess;
import dev.orchard.dev.cluster.Kubeconfig;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.it.Programs.Result;
import dev.orchard.it.StockClients.Exec;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Execs through the API server: whose rights they need, and what else it passes on. */
class KubernetesExecIT extends StockClientScenarios {
  private static final String GROUP = "/apis/subresources.orchard.dev/v1alpha1";
  private static final String DEFAULT = GROUP + "/namespaces/default";

  @TempDir private Path folder;

  KubernetesExecIT() {
    super(RuntimeChoice.PROCESS, "stock");
  }

  private Result kubectl(String input, String... arguments) throws Exception {
    return Programs.kubectl(system, input, arguments);
  }

  /** A service account's kubeconfig; its rights are {@code VERB RESOURCE} in the group. */
  private Path user(String name, String... rights) throws Exception {
    var kubernetes = system.kubernetes();
    kubernetes
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .build())
        .serverSideApply();
    RoleBuilder role =
        new RoleBuilder().withNewMetadata().withName(name).withNamespace("default").endMetadata();
    for (String right : rights) {
      role.addNewRule()
          .withApiGroups("subresources.orchard.dev")
          .withVerbs(right.substring(0, right.indexOf(' ')))
          .withResources(right.substring(right.indexOf(' ') + 1))
          .endRule();
    }
    kubernetes.resource(role.build()).serverSideApply();
    kubernetes
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", name)
                .addNewSubject("", "ServiceAccount", name, "default")
                .build())
        .serverSideApply();
    Path kubeconfig = folder.resolve(name);
    ClusterAccess access = new ClusterAccess(apiServer(), authority(), token(name));
    return Files.writeString(kubeconfig, Kubeconfig.yaml(access, system.url(), authority()));
  }

  private String token(String account) {
    return system
        .kubernetes()
        .serviceAccounts()
        .inNamespace("default")
        .withName(account)
        .tokenRequest(
            new TokenRequestBuilder().withNewSpec().withExpirationSeconds(3600L).endSpec().build())
        .getStatus()
        .getToken();
  }

  private URI apiServer() {
    return URI.create(system.kubernetes().getConfiguration().getMasterUrl());
  }

  private String authority() throws Exception {
    return Files.readString(system.certificateAuthority());
  }

  private VMExec newest() {
    return system
        .kubernetes()
        .resources(VMExec.class)
        .inNamespace("default")
        .list()
        .getItems()
        .stream()
        .filter(exec -> exec.getSpec().vmName().equals(vm))
        .reduce((a, b) ->
            a.getMetadata().getCreationTimestamp().compareTo(b.getMetadata().getCreationTimestamp())
                    > 0
                ? a
                : b)
        .orElseThrow();
  }

  @ParameterizedTest
  @EnumSource
  void getSixteenMebibytesByteForByte(StockClients client) throws Exception {
    Result result =
        client.run(
            system,
            shell(
                "f=$(mktemp); head -c 12582912 /dev/urandom | base64 -w0 > $f;"
                    + " sha256sum < $f >&2; cat $f; rm $f"));
    assertThat(result.stdout()).hasSize(16 << 20);
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    byte[] digest = sha256.digest(result.stdout().getBytes(StandardCharsets.US_ASCII));
    assertThat(result.stderr()).startsWith(HexFormat.of().formatHex(digest));
    assertThat(result.code()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void areRefusedWithTheRightToReadAlone(StockClients client) throws Exception {
    // The API server lets a WebSocket through that may be got: it is the controller that refuses.
    Path reader = user("reader", "get vms/exec");
    Result result = client.run(system, shell("echo never").as(reader));
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.stdout()).isEmpty();
    assertThat(result.stderr()).contains("you may not create vms/exec").contains(vm);
  }

  @ParameterizedTest
  @EnumSource
  void runForAUserWithTheRightToCreateWhoseNameTheObjectBears(StockClients client)
      throws Exception {
    Path runner = user("runner", "get vms/exec", "create vms/exec");
    Result result = client.run(system, shell("echo mine").as(runner));
    assertThat(result.code()).as(result.stderr()).isZero();
    assertThat(result.stdout()).isEqualTo("mine\n");
    assertThat(system.kubernetes().resources(VMExec.class).inNamespace("default").list().getItems())
        .anyMatch(
            exec -> "system:serviceaccount:default:runner".equals(exec.getSpec().requestedBy()));
  }

  @ParameterizedTest
  @EnumSource
  void areToldWhyTheyAreRefused(StockClients client) throws Exception {
    Result result = client.run(system, Exec.of(system, "nobody-made-it", "true"));
    assertThat(result.code()).isEqualTo(255);
    if (client == StockClients.CLIENT_GO) {
      assertThat(result.stderr()).contains("vm nobody-made-it is not in namespace default");
    } else {
      assertThat(result.stderr()).contains("404");
    }
  }

  @Test
  void forgedHeadersCountForNothing() throws Exception {
    ExecClient client = new ExecClient(system);
    HttpResponse<String> forged =
        client.send(
            HttpRequest.newBuilder(system.url().resolve(GROUP))
                .header("X-Remote-User", "admin")
                .header("X-Remote-Group", "system:masters")
                .header("X-Helidon-Cn", "front-proxy-client"),
            BodyHandlers.ofString());
    assertThat(forged.statusCode()).isEqualTo(401);
    assertThat(ExecClient.parse(forged.body()).path("kind").asText()).isEqualTo("Status");
    HttpResponse<String> elsewhere =
        client.send(
            HttpRequest.newBuilder(system.url().resolve("/v1/vms"))
                .header("X-Remote-User", "admin")
                .header("X-Remote-Group", "system:masters"),
            BodyHandlers.ofString());
    assertThat(elsewhere.statusCode()).isEqualTo(401);
  }

  @Test
  void theLogIsReadByKubectlAlone() throws Exception {
    assertThat(StockClients.CLIENT_GO.run(system, shell("echo kept; exit 4")).code()).isEqualTo(4);
    String name = newest().getMetadata().getName();
    Result log = kubectl("", "get", "--raw", DEFAULT + "/vmexecs/" + name + "/log?text=true");
    assertThat(log.stdout()).contains("\"text\":\"kept\\n\"").contains("\"code\":4");
    Result gone = kubectl("", "get", "--raw", DEFAULT + "/vmexecs/no-such-one/log");
    assertThat(gone.code()).isNotZero();
    assertThat(gone.stderr()).contains("session no-such-one is not in namespace default");
  }

  @Test
  void aSignalIsSentByKubectlAlone() throws Exception {
    String session =
        new ExecClient(system)
            .start(
                vm, Map.of("command", List.of("sh", "-c", "trap 'exit 7' TERM; sleep 600 & wait")));
    String name = session.substring(session.lastIndexOf('/') + 1);
    kubectl("", "wait", "--for=condition=Started", "vmexec/" + name, "--timeout=60s");
    Result sent =
        kubectl(
            "{\"event\":\"signal\",\"signal\":\"TERM\"}",
            "create",
            "--raw",
            DEFAULT + "/vmexecs/" + name + "/attach",
            "-f",
            "-");
    assertThat(sent.code()).as(sent.stderr()).isZero();
    Result finished =
        kubectl("", "wait", "--for=condition=Finished", "vmexec/" + name, "--timeout=60s");
    assertThat(finished.code()).as(finished.stderr()).isZero();
  }

  @Test
  void kubectlKnowsTheGroupAndStillMeansTheObjectsByTheirNames() throws Exception {
    Result resources = kubectl("", "api-resources");
    assertThat(resources.code()).as(resources.stderr()).isZero();
    assertThat(resources.stderr()).isEmpty();
    assertThat(kubectl("", "get", "vms", vm).code()).isZero();
    JsonNode list = ExecClient.parse(kubectl("", "get", "--raw", GROUP).stdout());
    assertThat(list.path("resources").findValuesAsText("name"))
        .contains("vms/exec", "vmexecs/attach", "vmexecs/log");
    Result may =
        kubectl(
            "",
            "auth",
            "can-i",
            "create",
            "vms.subresources.orchard.dev/" + vm,
            "--subresource=exec");
    assertThat(may.stdout()).startsWith("yes");
    assertThat(kubectl("", "get", "--raw", "/openapi/v3" + GROUP).code()).isZero();
  }

  @Test
  void aPortOfAVmIsReachedWithAKubeconfigAlone() throws Exception {
    // A process VM has the host's ports.
    try (ServerSocket program = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> greet(program));
      CompletableFuture<String> said = new CompletableFuture<>();
      WebSocket socket =
          new ExecClient(system)
              .newWebSocketBuilder()
              .header("Authorization", "Bearer " + system.token())
              .buildAsync(
                  passedOn("/vms/" + vm + "/portforward?port=" + program.getLocalPort()),
                  new WebSocket.Listener() {
                    @Override
                    public @Nullable CompletionStage<?> onBinary(
                        WebSocket from, ByteBuffer data, boolean last) {
                      said.complete(StandardCharsets.US_ASCII.decode(data).toString());
                      return null;
                    }
                  })
              .get(30, TimeUnit.SECONDS);
      assertThat(said.get(30, TimeUnit.SECONDS)).isEqualTo("hello");
      socket.abort();
    }
  }

  private static void greet(ServerSocket program) {
    try (Socket connection = program.accept()) {
      connection.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private URI passedOn(String path) {
    URI target = apiServer().resolve(DEFAULT + path);
    return URI.create(target.toString().replaceFirst("^http", "ws"));
  }

  @Test
  void theSubprotocolIsOneThatTheClientOffers() throws Exception {
    assertThat(offer("v4.channel.k8s.io")).isEqualTo("v4.channel.k8s.io");
    assertThat(offer("v9.channel.k8s.io", "v5.channel.k8s.io")).isEqualTo("v5.channel.k8s.io");
    assertThat(offer("v3.channel.k8s.io")).isEqualTo("400");
    assertThat(offer()).isEqualTo("400");
  }

  /** What is chosen, or the status of the refusal. */
  private String offer(String... subprotocols) throws Exception {
    WebSocket.Builder builder =
        new ExecClient(system)
            .newWebSocketBuilder()
            .header("Authorization", "Bearer " + system.token());
    if (subprotocols.length > 0) {
      builder.subprotocols(
          subprotocols[0], Arrays.copyOfRange(subprotocols, 1, subprotocols.length));
    }
    URI target = passedOn("/vms/" + vm + "/exec?stdout=true&command=true");
    try {
      WebSocket socket = builder.buildAsync(target, new WebSocket.Listener() {}).join();
      String chosen = socket.getSubprotocol();
      socket.abort();
      return chosen;
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return Integer.toString(refused.getResponse().statusCode());
      }
      throw e;
    }
  }
}
