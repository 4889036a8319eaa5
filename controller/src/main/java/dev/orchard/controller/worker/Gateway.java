package dev.orchard.controller.worker;

import dev.orchard.controller.auth.WorkerIdentity;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerGatewayGrpc;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service that workers call. */
final class Gateway extends WorkerGatewayGrpc.WorkerGatewayImplBase {
  private static final Logger log = LoggerFactory.getLogger(Gateway.class);
  private static final Context.Key<String> TOKEN = Context.key("worker-token");
  private static final String SCHEME = "Bearer ";

  private final WorkerLink.Shared shared;
  private final WorkerIdentity identity;
  private final Links links;
  private final Rendezvous rendezvous;

  Gateway(WorkerLink.Shared shared, WorkerIdentity identity, Links links, Rendezvous rendezvous) {
    this.shared = shared;
    this.identity = identity;
    this.links = links;
    this.rendezvous = rendezvous;
  }

  /** Hands the call's bearer token to the service. */
  static final class Credentials implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String header = headers.get(AUTHORIZATION);
      String token =
          header != null && header.startsWith(SCHEME) ? header.substring(SCHEME.length()) : "";
      return Contexts.interceptCall(Context.current().withValue(TOKEN, token), call, headers, next);
    }
  }

  @Override
  public StreamObserver<WorkerReport> link(StreamObserver<Instruction> answers) {
    ServerCallStreamObserver<Instruction> stream = (ServerCallStreamObserver<Instruction>) answers;
    StreamSender<Instruction> sender = new StreamSender<>(stream);
    stream.disableAutoRequest();
    LinkCall call = new LinkCall(stream, sender, String.valueOf(TOKEN.get()));
    stream.setOnCancelHandler(() -> call.over("the worker cancelled the link"));
    stream.request(1);
    return call;
  }

  @Override
  public StreamObserver<WorkerFrame> rendezvous(StreamObserver<ControllerFrame> answers) {
    return rendezvous.accept((ServerCallStreamObserver<ControllerFrame>) answers);
  }

  /** The receiving half of a link. Asks for a report only once the one before is dealt with. */
  private final class LinkCall implements StreamObserver<WorkerReport> {
    private final ServerCallStreamObserver<Instruction> stream;
    private final StreamSender<Instruction> sender;
    private final String token;
    private volatile @Nullable WorkerLink link;
    private boolean begun;

    LinkCall(
        ServerCallStreamObserver<Instruction> stream,
        StreamSender<Instruction> sender,
        String token) {
      this.stream = stream;
      this.sender = sender;
      this.token = token;
    }

    @Override
    public void onNext(WorkerReport report) {
      WorkerLink serving = link;
      if (serving != null) {
        serving.offer(new LinkInput.Reported(report));
      } else if (begun || !report.hasRegister()) {
        sender.fail(Status.INVALID_ARGUMENT.withDescription("the first report is no Register"));
      } else {
        begun = true;
        Thread.ofVirtual()
            .name("worker-link-" + report.getRegister().getWorker())
            .start(() -> run(report.getRegister()));
      }
    }

    private void run(Register register) {
      Optional<String> worker = identify();
      if (worker.isEmpty()) {
        return;
      }
      WorkerLink serving = new WorkerLink(worker.get(), shared, stream, sender);
      link = serving;
      links.add(serving);
      stream.request(1);
      try {
        serving.serve(register);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        links.remove(serving);
        log.info("worker link over worker={}", serving.worker());
      }
    }

    private Optional<String> identify() {
      try {
        Optional<String> worker = identity.worker(token);
        if (worker.isEmpty()) {
          sender.fail(
              Status.UNAUTHENTICATED.withDescription(
                  "the token is of no worker: it needs the audience orchard-worker and a"
                      + " ServiceAccount in the workers' namespace"));
        }
        return worker;
      } catch (KubernetesClientException e) {
        sender.fail(
            Status.UNAVAILABLE.withDescription("the Kubernetes API does not answer; try again"));
        return Optional.empty();
      }
    }

    @Override
    public void onError(Throwable failure) {
      over("the worker's link broke: " + Status.fromThrowable(failure).getCode());
    }

    @Override
    public void onCompleted() {
      WorkerLink serving = link;
      if (serving != null) {
        serving.offer(new LinkInput.Ended(null));
      }
      sender.complete();
    }

    void over(String why) {
      sender.peerEnded();
      WorkerLink serving = link;
      if (serving != null) {
        serving.offer(new LinkInput.Ended(why));
      }
    }
  }
}
