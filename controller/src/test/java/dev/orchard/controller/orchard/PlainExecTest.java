package dev.orchard.controller.orchard;

import static dev.orchard.controller.Fixture.exited;
import static dev.orchard.controller.Fixture.started;
import static dev.orchard.controller.Fixture.stdout;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.FakeWorker.Stream;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.proto.worker.v1.DisconnectPolicy;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.Instruction;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Orchard's exec WebSocket without a session. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PlainExecTest {
  private static final String EXEC = "/v1/vms/vm-a/exec?command=true";

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private FakeWorker worker;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture = Fixture.start(folder);
    worker = fixture.worker("w1");
    fixture.readyVm("vm-a", worker);
    fixture.placedVm("not-ready", "w1");
  }

  @AfterAll
  void stop() {
    worker.close();
    fixture.close();
  }

  /** A socket, what the worker was told to start, and the worker's end. */
  private record Running(OrchardSocket socket, ExecSpec spec, Stream stream) {}

  private Running run(String path) throws Exception {
    CompletableFuture<OrchardSocket> opening = OrchardSocket.opening(fixture, path, TestApi.ALICE);
    Instruction start = worker.takeStart();
    Stream stream = worker.answer(start.getStartExec().getAttachment());
    return new Running(opening.get(10, TimeUnit.SECONDS), start.getStartExec().getSpec(), stream);
  }

  @Test
  void runsACommandLineByTheShellAndEndsWithItsCode() throws Exception {
    Running running =
        run(
            "/v1/vms/vm-a/exec?command=echo+%22a+b%22%20%7C%20wc&env%5BGREETING%5D=a%3D%27b%27+%0A"
                + "&env%5BB%5D=&workdir=/tmp/a%20b&interactive=false&stdin=F&rows=0&cols=0");
    assertThat(running.spec.getCommandList())
        .containsExactly(
            "/bin/sh", "-c", "exec \"${SHELL:-/bin/sh}\" -c \"$0\"", "echo \"a b\" | wc");
    assertThat(running.spec.getEnvList())
        .extracting(variable -> variable.getName() + "=" + variable.getValue())
        .containsExactlyInAnyOrder("GREETING=a='b' \n", "B=");
    assertThat(running.spec.getWorkingDir()).isEqualTo("/tmp/a b");
    assertThat(running.spec.getStdin()).isFalse();
    assertThat(running.spec.hasTty()).isFalse();
    assertThat(running.spec.getTimeoutMs()).isZero();
    assertThat(running.spec.getDisconnectPolicy()).isEqualTo(DisconnectPolicy.TERMINATE);

    running
        .stream
        .send(started("s"))
        .send(stdout(0, "hi\n"))
        .send(new Frame.Output(StdStream.STDERR, 3, ByteString.copyFromUtf8("oops")))
        .send(new Frame.Heartbeat(""))
        .send(exited(7, 3));
    assertThat(running.socket.take().toString())
        .isEqualTo("{\"type\":\"stdout\",\"data\":\"aGkK\"}");
    assertThat(running.socket.take().toString())
        .isEqualTo("{\"type\":\"stderr\",\"data\":\"b29wcw==\"}");
    assertThat(running.socket.take().toString())
        .isEqualTo("{\"type\":\"exit\",\"exit\":{\"code\":7}}");
    assertThat(running.socket.closeCode()).isEqualTo(1000);
  }

  @Test
  void passesInputToItsEndAndTheSizeOfTheTerminal() throws Exception {
    Running running = run(EXEC + "&tty=1&rows=40&cols=120");
    assertThat(running.spec.getStdin()).isTrue();
    assertThat(running.spec.getTty().getRows()).isEqualTo(40);
    running.stream.send(started("s"));

    running.socket.stdin("ab");
    running.socket.binary(new byte[] {1, 2, 3});
    running.socket.stdin("c");
    running.socket.say("{\"type\":\"resize\",\"terminal\":{\"rows\":50,\"cols\":100}}");
    running.socket.say("{\"type\":\"stdin\"}");

    assertThat(running.stream.take())
        .isEqualTo(new Frame.Stdin(0, ByteString.copyFromUtf8("ab"), false));
    assertThat(running.stream.take())
        .isEqualTo(new Frame.Stdin(2, ByteString.copyFromUtf8("c"), false));
    assertThat(running.stream.take()).isEqualTo(new Frame.Resize(50, 100));
    assertThat(running.stream.take()).isEqualTo(new Frame.Stdin(3, ByteString.EMPTY, true));
    running.socket.close();
  }

  @Test
  void takesAMessageThatIsLongerThanAFrame() throws Exception {
    Running running = run(EXEC + "&stdin=true");
    running.stream.send(started("s"));

    running.socket.stdin("x".repeat(24_500));

    assertThat(((Frame.Stdin) running.stream.take()).data().size()).isEqualTo(Frame.MAX_DATA);
    Frame.Stdin rest = (Frame.Stdin) running.stream.take();
    assertThat(rest.offset()).isEqualTo(Frame.MAX_DATA);
    assertThat(rest.data().size()).isEqualTo(500);
    running.socket.say("x".repeat(40_000));
    assertThat(running.socket.closeCode()).isEqualTo(1009);
  }

  @Test
  void keepsItsMessagesBelowTheLimitOfOrchardsClients() throws Exception {
    Running running = run(EXEC);
    running.stream.send(started("s")).send(stdout(0, "x".repeat(Frame.MAX_DATA)));

    assertThat(running.socket.take().toString().length()).isLessThan(32_768);
    running.socket.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "KILL|137",
        "TERM|143",
        "HUP|129",
      })
  void addsTheNumberOfTheSignalThatKilledIt(String signal, int code) throws Exception {
    Running running = run(EXEC);
    running
        .stream
        .send(started("s"))
        .send(
            new Frame.Exit(
                null,
                signal,
                ExitReason.SIGNALED,
                0,
                0,
                null,
                null,
                false,
                Duration.ofMillis(5),
                null));

    assertThat(running.socket.take().at("/exit/code").asInt()).isEqualTo(code);
  }

  @Test
  void tellsOfAStartWithoutAProcess() throws Exception {
    Running notThere = run(EXEC + "&workdir=/nowhere");
    notThere.stream.send(Fixture.notStarted(126, "no such directory"));
    assertThat(notThere.socket.take().at("/exit/code").asInt()).isEqualTo(126);

    Running lost = run(EXEC);
    lost.stream.send(started("s")).send(Frame.Exit.lost(0, 0, Duration.ZERO, "the VM is gone"));
    assertThat(lost.socket.take().path("error").asText()).isEqualTo("Lost: the VM is gone");
    assertThat(lost.socket.closeCode()).isEqualTo(1000);
  }

  @Test
  void tellsThatTheWorkerIsGone() throws Exception {
    Running running = run(EXEC);
    running.stream.send(started("s")).cut();

    assertThat(running.socket.take().path("type").asText()).isEqualTo("error");
    assertThat(running.socket.closeCode()).isEqualTo(1011);
  }

  @Test
  void endsTheCommandOfAClientThatHasGone() throws Exception {
    Running running = run(EXEC);
    running.stream.send(started("s"));

    running.socket.close();

    Instruction cancel = worker.take(Instruction::hasCancelExec);
    assertThat(cancel.getCancelExec().getUid()).isEqualTo(running.spec.getUid());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "[]",
        "{\"type\":\"hello\"}",
        "{\"type\":\"stdin\",\"data\":\"a\"}",
        "{\"type\":\"stdin\",\"data\":1}",
        "{\"type\":\"stdin\",\"data\":\"YQ==\"}",
        "{\"type\":\"resize\",\"terminal\":{\"rows\":1,\"cols\":1}}",
        "{\"type\":\"history\"}",
        "{\"type\":\"ack\",\"watermark\":1}",
        "{\"type\":\"detach\"}",
        "{\"type\":\"close\"}"
      })
  void cutsOffAClientThatSaysWhatItMayNot(String message) throws Exception {
    Running running = run(EXEC);
    running.stream.send(started("s"));

    running.socket.say(message);

    assertThat(running.socket.closeCode()).isEqualTo(1006);
  }

  @Test
  void cutsOffInputBehindItsEndAndASizeThatIsNone() throws Exception {
    Running ended = run(EXEC + "&interactive=1");
    ended.socket.say("{\"type\":\"stdin\",\"data\":\"\"}");
    ended.socket.stdin("more");
    assertThat(ended.socket.closeCode()).isEqualTo(1006);

    Running sized = run(EXEC + "&tty=t");
    sized.socket.say("{\"type\":\"resize\"}");
    assertThat(sized.socket.closeCode()).isEqualTo(1006);
  }

  @Test
  void runsAsTheUserThatTheVmWasMadeWith() throws Exception {
    VM vm = fixture.kubernetes.resources(VM.class).inNamespace("default").withName("vm-a").get();
    vm.getMetadata().setAnnotations(java.util.Map.of(VmBody.USER_ANNOTATION, "ci"));
    fixture.kubernetes.resource(vm).update();
    try {
      Running running = run(EXEC);
      assertThat(running.spec.getUser()).isEqualTo("ci");
      running.socket.close();
    } finally {
      VM again = fixture.kubernetes.resource(vm).get();
      again.getMetadata().setAnnotations(java.util.Map.of());
      fixture.kubernetes.resource(again).update();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "vm-a|''|400|command",
        "vm-a|command=|400|command",
        "vm-a|command=%00|400|command",
        "vm-a|command=a&tty=|400|tty",
        "vm-a|command=a&tty=yes|400|tty",
        "vm-a|command=a&interactive=maybe|400|interactive",
        "vm-a|command=a&interactive=1&stdin=0|400|stdin",
        "vm-a|command=a&rows=1|400|cols",
        "vm-a|command=a&rows=1&cols=0|400|cols",
        "vm-a|command=a&cols=5|400|rows",
        "vm-a|command=a&rows=x&cols=1|400|rows",
        "vm-a|command=a&env[1A]=b|400|env[1A]",
        "vm-a|command=a&env[]=b|400|env[]",
        "vm-a|command=a&env[A]=%00|400|env[A]",
        "vm-a|command=a&workdir=%00|400|workdir",
        "vm-a|command=a&workdir=src|400|workdir",
        "vm-a|command=a&wait=x|400|wait",
        "vm-a|command=a&wait=65536|400|wait",
        "nobody|command=a&wait=x|400|wait",
        "nobody|command=a&wait=0|404|nobody",
        "nobody|session=b|404|exec session \"b\" does not exist",
        "nobody|command=a&session=b&wait=0|404|nobody",
        "not-ready|command=a&wait=0|408|not-ready",
        "not-ready|command=a&session=b&wait=0|408|not-ready",
        "vm-a|command=a|426|WebSocket",
        "vm-a|command=a&wait=0|426|WebSocket",
      })
  void refusesBeforeTheUpgradeWhateverTheMethod(String vm, String query, int status, String words)
      throws Exception {
    String path = "/v1/vms/" + vm + "/exec?" + query.replace("[", "%5B").replace("]", "%5D");

    HttpResponse<String> response = fixture.get(path, TestApi.ALICE);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(Fixture.json(response).path("message").asText()).contains(words);
    if (status == 426) {
      assertThat(response.headers().firstValue("Upgrade")).contains("websocket");
    } else {
      assertThat(OrchardSocket.refusal(fixture, path, TestApi.ALICE)).isEqualTo(status + "");
    }
  }

  @Test
  void needsTheRightToStartCommandsInTheVm() throws Exception {
    assertThat(fixture.get(EXEC, TestApi.BOB).statusCode()).isEqualTo(403);
    assertThat(OrchardSocket.refusal(fixture, EXEC, TestApi.BOB)).isEqualTo("403");
    assertThat(OrchardSocket.refusal(fixture, EXEC, "rubbish")).isEqualTo("401");
    assertThat(fixture.get("/v1/vms/vm-a/exec?wait=x", TestApi.BOB).statusCode()).isEqualTo(403);
  }

  @Test
  void leavesAnObjectForEachCommandButNoneForARefusal() throws Exception {
    int before = execs();
    OrchardSocket.refusal(fixture, "/v1/vms/not-ready/exec?command=a&wait=0", TestApi.ALICE);
    assertThat(execs()).isEqualTo(before);
    Running running = run(EXEC);
    assertThat(execs()).isEqualTo(before + 1);
    running.socket.close();
  }

  private int execs() {
    return fixture
        .kubernetes
        .resources(VMExec.class)
        .inNamespace("default")
        .list()
        .getItems()
        .size();
  }
}
