package dev.orchard.client;

/**
 * How to attach to a session.
 *
 * @param from offset of the first byte of output to send
 * @param interactive whether frames may be sent to it
 * @param takeover whether whoever writes now may be taken the right to
 * @param ticket of an earlier connection to the session; empty without one
 */
public record Attachment(long from, boolean interactive, boolean takeover, String ticket) {
  String query() {
    return "?interactive=%s&from=%d%s"
        .formatted(interactive, from, takeover ? "&takeover=true" : "");
  }
}
