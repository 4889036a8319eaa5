package dev.orchard.controller.ticket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Signs and verifies tickets: JWTs in JWS compact form with one algorithm and one header. The
 * header is compared and never read, so that no ticket chooses how it is verified.
 */
public final class Tickets {
  /** Of a refusal because of the ticket that was shown. */
  public static final String INVALID = "invalid-ticket";

  /** How long a ticket is good for: also how long a right may be used that was taken away. */
  public static final Duration LIFETIME = Duration.ofMinutes(10);

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final String HEADER =
      BASE64.encodeToString("{\"alg\":\"HS256\",\"typ\":\"orchard-ticket+jwt\"}".getBytes(UTF_8));

  private final TicketKeys keys;
  private final InstantSource clock;

  public Tickets(TicketKeys keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  /** A ticket that is good for {@link #LIFETIME} from now. */
  public String issue(Ticket ticket) {
    ObjectNode claims =
        JSON.createObjectNode()
            .put("exp", clock.instant().plus(LIFETIME).getEpochSecond())
            .put("sub", ticket.caller())
            .put("ns", ticket.namespace())
            .put("vm", ticket.vm())
            .put("session", ticket.session())
            .put("uid", ticket.uid())
            .put("worker", ticket.worker())
            .put("stdin", ticket.stdin())
            .put("tty", ticket.tty());
    ticket.rights().forEach(right -> claims.withArray("rights").add(word(right)));
    String signed = HEADER + "." + BASE64.encodeToString(claims.toString().getBytes(UTF_8));
    return signed + "." + BASE64.encodeToString(keys.sign(0, signed.getBytes(US_ASCII)));
  }

  /**
   * What a ticket says that one of the replicas has issued, as long as it is good.
   *
   * @throws ApiException 401, {@link #INVALID}
   */
  public Ticket verify(String text) {
    JsonNode claims = signed(text);
    if (!clock.instant().isBefore(Instant.ofEpochSecond(claims.path("exp").asLong()))) {
      throw invalid("it has expired");
    }
    return ticket(claims);
  }

  /** The UID of the session that a ticket is for, however old it is; empty if it is not ours. */
  public Optional<String> uid(String text) {
    try {
      return Optional.of(signed(text).path("uid").asText());
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  private JsonNode signed(String text) {
    int end = text.lastIndexOf('.');
    if (end <= HEADER.length() || !text.startsWith(HEADER + ".")) {
      throw invalid("it is not one of ours");
    }
    try {
      byte[] signature = Base64.getUrlDecoder().decode(text.substring(end + 1));
      if (!isSigned(text.substring(0, end).getBytes(UTF_8), signature)) {
        throw invalid("it was signed with a key that this replica does not have");
      }
      return JSON.readTree(Base64.getUrlDecoder().decode(text.substring(HEADER.length() + 1, end)));
    } catch (IOException | IllegalArgumentException e) {
      throw invalid("it is not one of ours");
    }
  }

  private boolean isSigned(byte[] data, byte[] signature) {
    boolean signed = false;
    for (int key = 0; key < keys.size(); key++) {
      signed |= MessageDigest.isEqual(keys.sign(key, data), signature);
    }
    return signed;
  }

  private static Ticket ticket(JsonNode claims) {
    Set<Right> rights = EnumSet.noneOf(Right.class);
    claims
        .path("rights")
        .forEach(right -> rights.add(Right.valueOf(right.asText().toUpperCase(Locale.ROOT))));
    return new Ticket(
        claims.path("ns").asText(),
        claims.path("vm").asText(),
        claims.path("session").asText(),
        claims.path("uid").asText(),
        claims.path("worker").asText(),
        claims.path("stdin").asBoolean(),
        claims.path("tty").asBoolean(),
        rights,
        claims.path("sub").asText());
  }

  private static String word(Right right) {
    return right.name().toLowerCase(Locale.ROOT);
  }

  /** A refusal of a ticket, for this reason. */
  public static ApiException invalid(String why) {
    return new ApiException(
        401, INVALID, "Orchard-Ticket: " + why + ": attach with a token, in Authorization");
  }
}
