package dev.orchard.worker.gateway;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the worker's token with every call, read anew each time since it is renewed in place. */
record BearerToken(Path file) implements ClientInterceptor {
  private static final Logger log = LoggerFactory.getLogger(BearerToken.class);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        try {
          headers.put(AUTHORIZATION, "Bearer " + Files.readString(file).strip());
        } catch (IOException e) {
          log.warn("worker's token cannot be read file={} reason={}", file, e.toString());
          throw Status.UNAUTHENTICATED
              .withDescription("token file " + file + " cannot be read")
              .withCause(e)
              .asRuntimeException();
        }
        super.start(listener, headers);
      }
    };
  }
}
