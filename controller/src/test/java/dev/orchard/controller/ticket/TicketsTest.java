package dev.orchard.controller.ticket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TicketsTest {
  private static final String OLD = Base64.getEncoder().encodeToString(new byte[32]);
  private static final String NEW =
      Base64.getEncoder().encodeToString("k".repeat(48).getBytes(StandardCharsets.US_ASCII));
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Ticket TICKET =
      new Ticket(
          "default", "hello", "build", "u-1", "w1", true, false, Set.of(Right.READ), "caller");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  private Tickets with(String keys) throws IOException {
    return with(keys, NOW);
  }

  private Tickets with(String keys, Instant now) throws IOException {
    Path file = Files.writeString(folder.resolve("key"), keys);
    return new Tickets(TicketKeys.read(file), InstantSource.fixed(now));
  }

  private static void refuses(Tickets tickets, String ticket, String why) {
    assertThatThrownBy(() -> tickets.verify(ticket))
        .isInstanceOfSatisfying(
            ApiException.class,
            refusal -> {
              assertThat(refusal.status()).isEqualTo(401);
              assertThat(refusal.type()).isEqualTo("invalid-ticket");
              assertThat(refusal.detail()).contains(why).doesNotContain(ticket);
            });
  }

  @Test
  void sayOnEveryReplicaWhatTheySaidWhereTheyWereIssued() throws IOException {
    String ticket = with(OLD).issue(TICKET);

    assertThat(with(OLD + "\n").verify(ticket)).isEqualTo(TICKET);
    assertThat(ticket).hasSizeLessThan(4096).matches("[-_A-Za-z0-9]+(\\.[-_A-Za-z0-9]+){2}");
  }

  @Test
  void liveThroughAChangeOfKeys() throws IOException {
    String ofOld = with(OLD).issue(TICKET);
    String ofNew = with(NEW + "\n" + OLD).issue(TICKET);

    assertThat(with(NEW + "\n" + OLD).verify(ofOld)).isEqualTo(TICKET);
    assertThat(with(OLD + "\n" + NEW).verify(ofNew)).isEqualTo(TICKET);
    refuses(with(NEW), ofOld, "a key that this replica does not have");
    refuses(with(OLD), ofNew, "a key that this replica does not have");
  }

  @Test
  void areGoodForTenMinutes() throws IOException {
    String ticket = with(OLD).issue(TICKET);

    assertThat(with(OLD, NOW.plusSeconds(599)).verify(ticket)).isEqualTo(TICKET);
    refuses(with(OLD, NOW.plusSeconds(600)), ticket, "it has expired");
  }

  @Test
  void areRefusedWhereverTheyWereTouched() throws IOException {
    Tickets tickets = with(OLD);
    String ticket = tickets.issue(TICKET);
    for (int i = 0; i < ticket.length() - 1; i++) {
      char other = ticket.charAt(i) == 'A' ? 'B' : 'A';
      refuses(tickets, ticket.substring(0, i) + other + ticket.substring(i + 1), "it ");
    }
  }

  @Test
  void cannotChooseHowTheyAreVerified() throws IOException {
    String claims = with(OLD).issue(TICKET).split("\\.", -1)[1];
    for (String header : new String[] {"{\"alg\":\"none\"}", "{\"alg\":\"HS256\"}"}) {
      String encoded =
          Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString(header.getBytes(StandardCharsets.US_ASCII));
      refuses(with(OLD), encoded + "." + claims + ".", "not one of ours");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a.b.c",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6Im9yY2hhcmQtdGlja2V0K2p3dCJ9",
        "ü.ü.ü"
      })
  void areRefusedWhereTheyAreNone(String none) throws IOException {
    Tickets tickets = with(OLD);
    assertThatThrownBy(() -> tickets.verify(none)).hasMessageContaining("it is not one of ours");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "\n", "c2hvcnQ=", "not base64 at all, and so much longer than it may be"})
  void needAKeyThatIsOne(String key) {
    assertThatThrownBy(() -> with(key))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one or two lines of base64")
        .hasNoCause();
  }

  @Test
  void needNoMoreThanTwoKeysAndAFile() {
    assertThatThrownBy(() -> with(OLD + "\n" + NEW + "\n" + OLD))
        .hasMessageContaining("one or two");
    assertThatThrownBy(() -> TicketKeys.read(folder.resolve("none")))
        .hasMessageContaining("cannot be read");
  }

  @Test
  void areAReplicasOwnWithoutAFile() {
    Tickets one = new Tickets(TicketKeys.random(), InstantSource.fixed(NOW));
    Tickets other = new Tickets(TicketKeys.random(), InstantSource.fixed(NOW));

    assertThat(one.verify(one.issue(TICKET))).isEqualTo(TICKET);
    refuses(other, one.issue(TICKET), "a key that this replica does not have");
  }
}
