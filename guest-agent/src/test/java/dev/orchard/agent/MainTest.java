package dev.orchard.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import dev.orchard.proto.guest.v1.InfoRequest;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void servesOnASocketUntilItIsToldToEnd(boolean withoutNatives) throws Exception {
    Path socket = folder.resolve("agent.sock");
    String option = "-Dio.grpc.netty.shaded.io.netty.transport.noNative=" + withoutNatives;
    Process process = run(List.of(option), "--socket", socket.toString());
    EpollEventLoopGroup events = new EpollEventLoopGroup(1);
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
            .eventLoopGroup(events)
            .channelType(EpollDomainSocketChannel.class)
            .usePlaintext()
            .build();
    try {
      Awaitility.await().until(() -> Files.exists(socket));
      GuestAgentGrpc.GuestAgentBlockingStub agent =
          GuestAgentGrpc.newBlockingStub(channel).withWaitForReady();
      InfoReply info = agent.info(InfoRequest.getDefaultInstance());
      assertThat(info.getOs()).isEqualTo("Linux");
      assertThat(info.getArch()).isIn("x86_64", "aarch64");
      assertThat(info.getCapabilitiesList()).contains("tty", "user", "reattach");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
      long pid = startSleeping(channel, info.getInstance());

      process.destroy();

      assertThat(process.waitFor()).isEqualTo(128 + 15);
      assertThat(ProcessHandle.of(pid)).isEmpty();
      assertThat(Files.readString(folder.resolve("stdout"))).isEmpty();
    } finally {
      process.destroyForcibly();
      channel.shutdownNow();
      events.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(1_000);
    }
  }

  private static long startSleeping(ManagedChannel channel, String instance) throws Exception {
    BlockingClientCall<ExecInput, ExecOutput> call =
        GuestAgentGrpc.newBlockingV2Stub(channel).exec();
    Start start =
        Start.newBuilder()
            .setId("s")
            .setInstance(instance)
            .addAllCommand(List.of("sleep", "1000"))
            .build();
    call.write(ExecInput.newBuilder().setStart(start).build());
    assertThat(call.read().hasAttached()).isTrue();
    return call.read().getFrame().getStarted().getPid();
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
    return new ProcessBuilder(command)
        .redirectOutput(folder.resolve("stdout").toFile())
        .redirectError(folder.resolve("stderr").toFile())
        .start();
  }
}
