package dev.orchard.worker.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.orchard.proto.guest.v1.InfoReply;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A guest is hostile until it has said something harmless. */
class GuestTest {
  private final ManagedChannel channel =
      NettyChannelBuilder.forTarget("localhost:1").usePlaintext().build();

  @AfterEach
  void close() {
    channel.shutdownNow();
  }

  private static InfoReply.Builder reply() {
    return InfoReply.newBuilder()
        .setInstance("3f2b8c1e-0000-4000-8000-000000000001")
        .setVersion("1.0")
        .setOs("Linux")
        .addCapabilities("pipes");
  }

  private Guest guest(InfoReply.Builder reply) {
    return Guest.of(reply.build(), channel, () -> {});
  }

  private void isRefused(InfoReply.Builder reply) {
    assertThatIllegalArgumentException().isThrownBy(() -> guest(reply));
  }

  @Test
  void whatIsShortAndPlainIsTaken() {
    Guest guest = guest(reply());

    assertThat(guest.instance()).startsWith("3f2b8c1e");
    assertThat(guest.version()).isEqualTo("1.0");
    assertThat(guest.os()).isEqualTo("Linux");
    assertThat(guest.capabilities()).containsExactly("pipes");
  }

  @Test
  void whatIsLongOrNotPlainIsRefused() {
    isRefused(reply().setInstance(""));
    isRefused(reply().setInstance("a".repeat(65)));
    isRefused(reply().setInstance("../x"));
    isRefused(reply().setVersion("v".repeat(65)));
    isRefused(reply().setOs("Linux\n"));
    isRefused(reply().addAllCapabilities(Collections.nCopies(64, "x")));
    isRefused(reply().addCapabilities("\u001b[2J"));
  }
}
