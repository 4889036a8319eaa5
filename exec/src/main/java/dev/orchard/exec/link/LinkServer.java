package dev.orchard.exec.link;

import io.grpc.BindableService;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.util.Optional;

/**
 * The guest's end of a framed link: serves a gRPC service to the host, with manual flow control as
 * over any other server. When the host starts a new epoch, every call of the old one is cancelled.
 * Callbacks of a call run one after the other, each burst on a virtual thread.
 */
public final class LinkServer implements AutoCloseable {
  private final ServerServiceDefinition service;
  private final LinkConnection connection;

  private LinkServer(String name, Carrier.Opener opener, BindableService service) {
    this.service = service.bindService();
    this.connection = LinkConnection.guest(name, opener, this::accept);
  }

  /** {@code name}: for logs and threads. */
  public static LinkServer start(String name, Carrier.Opener opener, BindableService service) {
    LinkServer server = new LinkServer(name, opener, service);
    server.connection.start();
    return server;
  }

  private Optional<LinkConnection.Call> accept(LinkStream stream, String method) {
    return Optional.ofNullable(service.getMethod(method)).map(found -> call(stream, found));
  }

  private <Q, R> LinkConnection.Call call(
      LinkStream stream, ServerMethodDefinition<Q, R> definition) {
    return new LinkServerCall<>(
        connection, stream, definition.getMethodDescriptor(), definition.getServerCallHandler());
  }

  /** Cancels every call and ends every thread, but for a device's read that nothing can end. */
  @Override
  public void close() {
    connection.close();
  }
}
