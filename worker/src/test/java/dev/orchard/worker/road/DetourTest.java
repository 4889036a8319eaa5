package dev.orchard.worker.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bytes through a detour to an address that nobody asks it for. */
@SuppressWarnings("NullAway.Init")
class DetourTest {
  private static final String CONNECT =
      "CONNECT replicas.test:443 HTTP/1.1\r\nHost: replicas.test:443\r\n\r\n";
  private static final String OPEN = "HTTP/1.1 200 \r\n\r\n";
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int MANY_BYTES = 4 << 20;

  private ServerSocket replica;
  private Detour detour;

  @BeforeEach
  void listen() throws IOException {
    replica = new ServerSocket(0, 0, InetAddress.getByAddress(new byte[] {127, 0, 0, 2}));
    replica.setSoTimeout(PATIENCE_MILLIS);
    detour = new Detour((InetSocketAddress) replica.getLocalSocketAddress());
  }

  @AfterEach
  void close() throws IOException {
    detour.close();
    replica.close();
  }

  private Socket caller() throws IOException {
    Socket caller = new Socket();
    caller.connect(detour.entrance());
    caller.setSoTimeout(PATIENCE_MILLIS);
    return caller;
  }

  private Socket taken() throws IOException {
    Socket taken = replica.accept();
    taken.setSoTimeout(PATIENCE_MILLIS);
    return taken;
  }

  private static void say(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String hear(Socket socket, int bytes) throws IOException {
    return new String(socket.getInputStream().readNBytes(bytes), StandardCharsets.US_ASCII);
  }

  private static String hearAll(Socket socket) throws IOException {
    return hear(socket, Integer.MAX_VALUE);
  }

  /** Whether the other side's end came, as an end or as a reset. */
  private static boolean isOver(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException _) {
      return true;
    }
  }

  private void assertLeadsThere() throws IOException {
    try (Socket caller = caller()) {
      say(caller, CONNECT);
      try (Socket taken = taken()) {
        assertThat(hear(caller, OPEN.length())).isEqualTo(OPEN);
        say(caller, "from the caller");
        assertThat(hear(taken, 15)).isEqualTo("from the caller");
        say(taken, "from the replica");
        assertThat(hear(caller, 16)).isEqualTo("from the replica");
      }
    }
  }

  @Test
  void itsOwnAddressIsReachedWhateverIsAskedFor() throws IOException {
    assertLeadsThere();
  }

  @Test
  void whatComesRightBehindTheRequestIsTheReplicas() throws IOException {
    try (Socket caller = caller()) {
      say(caller, CONNECT + "at once");
      try (Socket taken = taken()) {
        assertThat(hear(taken, 7)).isEqualTo("at once");
      }
    }
  }

  @Test
  void whoHasSaidEverythingStillHears() throws IOException {
    try (Socket caller = caller()) {
      say(caller, CONNECT + "all");
      caller.shutdownOutput();
      try (Socket taken = taken()) {
        assertThat(hearAll(taken)).isEqualTo("all");
        byte[] answer = new byte[MANY_BYTES];
        Thread.ofVirtual()
            .start(() -> {
              try {
                taken.getOutputStream().write(answer);
                taken.shutdownOutput();
              } catch (IOException _) {
                // Then too little is heard.
              }
            });
        assertThat(hearAll(caller)).startsWith(OPEN).hasSize(OPEN.length() + MANY_BYTES);
      }
    }
  }

  @Test
  void aReplicaThatHasSaidEverythingStillHears() throws IOException {
    try (Socket caller = caller()) {
      say(caller, CONNECT);
      try (Socket taken = taken()) {
        say(taken, "all");
        taken.shutdownOutput();
        assertThat(hearAll(caller)).isEqualTo(OPEN + "all");
        say(caller, "thanks");
        caller.shutdownOutput();
        assertThat(hearAll(taken)).isEqualTo("thanks");
      }
    }
  }

  @Test
  void aConnectionThatBreaksOnOneSideIsClosedOnTheOther() throws IOException {
    try (Socket caller = caller()) {
      say(caller, CONNECT);
      try (Socket taken = taken()) {
        assertThat(hear(caller, OPEN.length())).isEqualTo(OPEN);
        // With a reset, as of a process that is killed.
        taken.setSoLinger(true, 0);
      }
      assertThat(isOver(caller)).isTrue();
    }
    Socket breaking = caller();
    say(breaking, CONNECT);
    try (Socket taken = taken()) {
      assertThat(hear(breaking, OPEN.length())).isEqualTo(OPEN);
      breaking.setSoLinger(true, 0);
      breaking.close();
      assertThat(isOver(taken)).isTrue();
    }
  }

  @Test
  void whoCannotBeLedThereIsToldAndTheNextOneIsLedAgain() throws IOException {
    int port = replica.getLocalPort();
    InetAddress address = replica.getInetAddress();
    replica.close();
    try (Socket caller = caller()) {
      say(caller, CONNECT);
      assertThat(hearAll(caller)).startsWith("HTTP/1.1 502 ");
    }

    replica = new ServerSocket(port, 0, address);
    assertLeadsThere();
  }

  @Test
  void whoLeavesBeforeItsRequestIsWholeLeadsNowhere() throws IOException {
    try (Socket caller = caller()) {
      say(caller, "CONNECT replicas.test:443 HTTP/1.1\r\n");
      caller.shutdownOutput();
      assertThat(hearAll(caller)).isEmpty();
    }
    assertLeadsThere();
  }

  @Test
  void nothingIsOpenAfterItIsClosed() throws IOException {
    try (Socket caller = caller();
        Socket undecided = caller()) {
      say(caller, CONNECT);
      say(undecided, "CONN");
      try (Socket taken = taken()) {
        assertThat(hear(caller, OPEN.length())).isEqualTo(OPEN);

        InetSocketAddress entrance = detour.entrance();
        detour.close();

        assertThat(isOver(caller)).isTrue();
        assertThat(isOver(undecided)).isTrue();
        assertThat(isOver(taken)).isTrue();
        assertThatIOException().isThrownBy(() -> new Socket().connect(entrance));
      }
    }
  }
}
