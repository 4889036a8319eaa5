package dev.orchard.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.InfoRequest;
import dev.orchard.proto.guest.v1.ListRequest;
import dev.orchard.proto.guest.v1.Start;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @TempDir Path folder;

  private final EpollEventLoopGroup events = new EpollEventLoopGroup(1);
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void endAll() throws InterruptedException {
    started.forEach(Process::destroyForcibly);
    events.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(1_000);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void servesOnASocketUntilItIsToldToEnd(boolean withoutNatives) throws Exception {
    Path socket = folder.resolve("agent.sock");
    String option = "-Dio.grpc.netty.shaded.io.netty.transport.noNative=" + withoutNatives;
    Process process = run(List.of(option), "--socket", socket.toString());
    ManagedChannel channel = connect(socket);
    InfoReply info = info(channel);
    assertThat(info.getOs()).isEqualTo("Linux");
    assertThat(info.getArch()).isIn("x86_64", "aarch64");
    assertThat(info.getCapabilitiesList()).contains("tty", "user", "reattach", "forward");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    BlockingClientCall<ExecInput, ExecOutput> call = start(channel, info, "sleep", "1000");
    long pid = call.read().getFrame().getStarted().getPid();

    process.destroy();

    assertThat(process.waitFor()).isEqualTo(128 + 15);
    assertThat(ProcessHandle.of(pid)).isEmpty();
    assertThat(Files.readString(folder.resolve("stdout"))).isEmpty();
    channel.shutdownNow();
  }

  @Test
  void adoptsWhatACommandLeavesBehind() throws Exception {
    Path socket = folder.resolve("agent.sock");
    Process process = run("--socket", socket.toString());
    ManagedChannel channel = connect(socket);
    String script = "sleep 1000 > /dev/null 2>&1 & echo $!";
    BlockingClientCall<ExecInput, ExecOutput> call =
        start(channel, info(channel), "sh", "-c", script);
    assertThat(call.read().getFrame().hasStarted()).isTrue();
    String line = call.read().getFrame().getStdout().getData().toStringUtf8();
    assertThat(call.read().getFrame().getExit().getOutputIncomplete()).isFalse();
    ProcessHandle orphan = ProcessHandle.of(Long.parseLong(line.strip())).orElseThrow();
    assertThat(orphan.parent().map(ProcessHandle::pid)).contains(process.pid());

    orphan.destroyForcibly();

    // Each question is a round of the agent's loop, which collects what has ended.
    Awaitility.await()
        .until(() -> {
          GuestAgentGrpc.newBlockingStub(channel).list(ListRequest.getDefaultInstance());
          return ProcessHandle.of(orphan.pid()).isEmpty();
        });
    channel.shutdownNow();
  }

  private ManagedChannel connect(Path socket) {
    Awaitility.await().until(() -> Files.exists(socket));
    return NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
        .eventLoopGroup(events)
        .channelType(EpollDomainSocketChannel.class)
        .usePlaintext()
        .build();
  }

  private static InfoReply info(ManagedChannel channel) {
    return GuestAgentGrpc.newBlockingStub(channel)
        .withWaitForReady()
        .info(InfoRequest.getDefaultInstance());
  }

  private static BlockingClientCall<ExecInput, ExecOutput> start(
      ManagedChannel channel, InfoReply info, String... command) throws Exception {
    BlockingClientCall<ExecInput, ExecOutput> call =
        GuestAgentGrpc.newBlockingV2Stub(channel).exec();
    Start start =
        Start.newBuilder()
            .setId("s")
            .setInstance(info.getInstance())
            .addAllCommand(List.of(command))
            .build();
    call.write(ExecInput.newBuilder().setStart(start).build());
    assertThat(call.read().hasAttached()).isTrue();
    return call;
  }

  @Test
  void takesThePlaceOfADeadAgentsSocketButOfNoFile() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    Process process = run("--socket", file.toString());

    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(Files.readString(folder.resolve("stderr")))
        .contains("socket " + file + ": is a file, name another path");

    Path socket = folder.resolve("agent.sock");
    Process first = run("--socket", socket.toString());
    Awaitility.await().until(() -> Files.exists(socket));
    first.destroyForcibly().waitFor();
    assertThat(socket).exists();
    Process second = run("--socket", socket.toString());
    Awaitility.await()
        .until(() -> Files.readString(folder.resolve("stderr")).contains("agent serves"));
    second.destroyForcibly().waitFor();
  }

  @Test
  void tellsHowItIsUsed() throws Exception {
    assertThat(run("--port").waitFor()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("stderr")))
        .isEqualTo("usage: --socket PATH | --port DEVICE\n");
  }

  private Process run(String... arguments) throws IOException {
    return run(List.of(), arguments);
  }

  private Process run(List<String> options, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(options);
    command.add(Main.class.getName());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve("stdout").toFile())
            .redirectError(folder.resolve("stderr").toFile())
            .start();
    started.add(process);
    return process;
  }
}
