package dev.orchard.worker.gateway;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Sends the worker's token with every call, read anew each time since it is renewed in place. */
record BearerToken(Path file) implements ClientInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new ClientInterceptors.CheckedForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      protected void checkedStart(Listener<A> listener, Metadata headers) throws StatusException {
        headers.put(AUTHORIZATION, "Bearer " + token());
        delegate().start(listener, headers);
      }
    };
  }

  private String token() throws StatusException {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw Status.UNAUTHENTICATED
          .withDescription("the worker's token file " + file + " cannot be read")
          .withCause(e)
          .asException();
    }
  }
}
