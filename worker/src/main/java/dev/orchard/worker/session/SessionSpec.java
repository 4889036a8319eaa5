package dev.orchard.worker.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import dev.orchard.exec.session.DisconnectPolicy;
import dev.orchard.exec.session.OnOutputLimit;
import dev.orchard.exec.session.OutputRoom;
import dev.orchard.exec.session.SessionRules;
import dev.orchard.worker.guest.Command;
import dev.orchard.worker.vm.Uid;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * What a session was asked to be. Times are milliseconds, sizes bytes; a timeout of 0 is none.
 *
 * @param name what clients call it
 * @param vmUid of the VM it is bound to; empty only for one that was cancelled before it was known
 * @param startTimeoutMillis from when this worker first heard of it
 * @param outputLimit what its log may hold
 * @param tailBytes how much of the output's end its last report carries
 */
public record SessionSpec(
    Uid uid,
    String name,
    String vmUid,
    String bootId,
    Command command,
    DisconnectPolicy disconnectPolicy,
    long startTimeoutMillis,
    long timeoutMillis,
    long idleTimeoutMillis,
    long terminationGraceMillis,
    long outputLimit,
    OnOutputLimit onOutputLimit,
    int tailBytes) {

  /** Of the tail that a report carries: an object's status is no place for output. */
  public static final int MAX_TAIL_BYTES = 64 << 10;

  /** Longer than it takes until it is cancelled, which is at once. */
  private static final long UNKNOWN_WAITS_MILLIS = 60_000;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Of an id that nothing but its cancellation or its end is known of. */
  static SessionSpec unknown(Uid uid) {
    Command nothing = new Command(List.of(), List.of(), "", "", null, false);
    return new SessionSpec(
        uid,
        "",
        "",
        "",
        nothing,
        DisconnectPolicy.DETACH,
        UNKNOWN_WAITS_MILLIS,
        0,
        0,
        0,
        0,
        OnOutputLimit.BLOCK,
        0);
  }

  ByteString encode() {
    try {
      return ByteString.copyFrom(JSON.writeValueAsBytes(this));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("session " + uid + ": its spec is no JSON", e);
    }
  }

  static SessionSpec decode(ByteString encoded) throws IOException {
    return JSON.readValue(encoded.newInput(), SessionSpec.class);
  }

  SessionRules rules() {
    return new SessionRules(
        bootId,
        command.stdin(),
        command.terminal() != null,
        disconnectPolicy,
        Duration.ofMillis(startTimeoutMillis),
        Duration.ofMillis(timeoutMillis),
        Duration.ofMillis(idleTimeoutMillis),
        Duration.ofMillis(terminationGraceMillis));
  }

  OutputRoom room() {
    return new OutputRoom(outputLimit, onOutputLimit);
  }
}
