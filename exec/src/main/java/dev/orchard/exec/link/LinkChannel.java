package dev.orchard.exec.link;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;

/**
 * The host's end of a framed link as a gRPC channel: generated stubs call the guest over it, with
 * manual flow control as over any other channel. Any thread may use it.
 *
 * <p>It connects and reconnects by itself. While the link is down a call ends at once as {@code
 * UNAVAILABLE}, with {@code withWaitForReady()} it waits, at most until its deadline; when the link
 * is reset every call ends as {@code UNAVAILABLE}. Metadata, compression and call credentials are
 * not carried, and a guest's message is at most 1 MiB.
 */
public final class LinkChannel extends Channel implements AutoCloseable {
  private final LinkConnection connection;

  private LinkChannel(LinkConnection connection) {
    this.connection = connection;
  }

  /** {@code name}: for logs and threads. */
  public static LinkChannel open(String name, Carrier.Opener opener) {
    return new LinkChannel(LinkConnection.host(name, opener).start());
  }

  /** Whether the guest's agent has answered and, as far as is known, still would. */
  public boolean isUp() {
    return connection.ask(FramedLink::isUp);
  }

  @Override
  public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
    return new LinkClientCall<>(connection, method, options);
  }

  @Override
  public String authority() {
    return "guest";
  }

  /** Ends every call as {@code UNAVAILABLE}, and every thread. */
  @Override
  public void close() {
    connection.close();
  }
}
