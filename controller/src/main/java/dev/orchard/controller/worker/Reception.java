package dev.orchard.controller.worker;

import dev.orchard.controller.auth.WorkerIdentity;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Greeting;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the streams that workers open, whatever carries them. */
public final class Reception {
  private static final Logger log = LoggerFactory.getLogger(Reception.class);

  /** The road over HTTP besides this one. */
  private static final List<String> CAPABILITIES = List.of("worker-http-v1");

  /** Of this process: whoever has its name later is another one. */
  private final String instance = UUID.randomUUID().toString();

  private final WorkerLink.Shared shared;
  private final WorkerIdentity identity;
  private final Links links;
  private final Rendezvous rendezvous;

  Reception(WorkerLink.Shared shared, WorkerIdentity identity, Links links, Rendezvous rendezvous) {
    this.shared = shared;
    this.identity = identity;
    this.links = links;
    this.rendezvous = rendezvous;
  }

  /** Takes a link, of which the first report was asked for. */
  StreamReceiver<WorkerReport> link(String token, WorkerStream<Instruction> stream) {
    return new LinkCall(() -> identity.worker(token), stream).begin();
  }

  /** Takes a link, in the same way, of a worker that is known. */
  public StreamReceiver<WorkerReport> linkOf(String worker, WorkerStream<Instruction> stream) {
    return new LinkCall(() -> Optional.of(worker), stream).begin();
  }

  /** Takes a rendezvous, of which the first frame was asked for. */
  public StreamReceiver<WorkerFrame> rendezvous(WorkerStream<ControllerFrame> stream) {
    return rendezvous.accept(stream);
  }

  private Instruction greeting() {
    return Instruction.newBuilder()
        .setGreeting(
            Greeting.newBuilder()
                .setReplica(shared.settings().replica())
                .setReplicas(shared.settings().replicas())
                .setInstance(instance)
                .addAllCapabilities(CAPABILITIES))
        .build();
  }

  /**
   * The receiving half of a link, whose thread becomes that of its {@link WorkerLink}. Nothing is
   * done for a worker that leaves when it is greeted. Asks for a report only once the one before is
   * dealt with.
   */
  private final class LinkCall implements StreamReceiver<WorkerReport> {
    private final WorkerStream<Instruction> stream;
    private final Supplier<Optional<String>> identification;
    private final CompletableFuture<Register> registration = new CompletableFuture<>();
    private volatile @Nullable WorkerLink link;
    private volatile boolean over;

    LinkCall(Supplier<Optional<String>> identification, WorkerStream<Instruction> stream) {
      this.identification = identification;
      this.stream = stream;
    }

    LinkCall begin() {
      Thread.ofVirtual().name("worker-link").start(this::run);
      return this;
    }

    @Override
    public void received(WorkerReport report) {
      WorkerLink serving = link;
      if (serving != null) {
        serving.offer(new LinkInput.Reported(report));
      } else if (!report.hasRegister() || !registration.complete(report.getRegister())) {
        stream.fail(new StreamEnd(StreamEnd.Kind.INVALID, "the first report is no Register"));
        registration.cancel(false);
      }
    }

    private void run() {
      try {
        Optional<String> worker = identify();
        if (worker.isPresent() && stream.send(greeting(), shared.settings().silence())) {
          serve(worker.get(), awaitRegistration());
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      } catch (CancellationException _) {
        // It has left.
      }
    }

    private Register awaitRegistration() throws InterruptedException {
      try {
        return registration.get(shared.settings().silence().toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException | ExecutionException e) {
        stream.fail(new StreamEnd(StreamEnd.Kind.SILENT, "the worker does not register"));
        throw new CancellationException(String.valueOf(e.getMessage()));
      }
    }

    private void serve(String worker, Register register) throws InterruptedException {
      Thread.currentThread().setName("worker-link-" + worker);
      WorkerLink serving = new WorkerLink(worker, shared, stream);
      link = serving;
      if (over) {
        return;
      }
      links.add(serving);
      stream.request();
      try {
        serving.serve(register);
      } finally {
        links.remove(serving);
        rendezvous.abandon(serving.worker());
        log.info("worker link over worker={}", serving.worker());
      }
    }

    private Optional<String> identify() {
      try {
        Optional<String> worker = identification.get();
        if (worker.isEmpty()) {
          stream.fail(
              new StreamEnd(
                  StreamEnd.Kind.UNAUTHENTICATED,
                  "the token is of no worker: it needs the audience orchard-worker and a"
                      + " ServiceAccount in the workers' namespace"));
        }
        return worker;
      } catch (KubernetesClientException e) {
        stream.fail(
            new StreamEnd(
                StreamEnd.Kind.UNAVAILABLE, "the Kubernetes API does not answer; try again"));
        return Optional.empty();
      }
    }

    @Override
    public void ended(@Nullable String failure) {
      over = true;
      WorkerLink serving = link;
      if (serving != null) {
        serving.offer(new LinkInput.Ended(failure));
      } else {
        registration.cancel(false);
      }
    }
  }
}
