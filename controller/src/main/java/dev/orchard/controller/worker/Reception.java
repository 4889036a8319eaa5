package dev.orchard.controller.worker;

import dev.orchard.controller.auth.WorkerIdentity;
import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the streams that workers open, whatever carries them. */
public final class Reception {
  private static final Logger log = LoggerFactory.getLogger(Reception.class);

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
    return new LinkCall(() -> identity.worker(token), stream);
  }

  /** Takes a link, in the same way, of a worker that is known. */
  public StreamReceiver<WorkerReport> linkOf(String worker, WorkerStream<Instruction> stream) {
    return new LinkCall(() -> Optional.of(worker), stream);
  }

  /** Takes a rendezvous, of which the first frame was asked for. */
  public StreamReceiver<WorkerFrame> rendezvous(WorkerStream<ControllerFrame> stream) {
    return rendezvous.accept(stream);
  }

  /** The receiving half of a link. Asks for a report only once the one before is dealt with. */
  private final class LinkCall implements StreamReceiver<WorkerReport> {
    private final WorkerStream<Instruction> stream;
    private final Supplier<Optional<String>> identification;
    private volatile @Nullable WorkerLink link;
    private boolean begun;

    LinkCall(Supplier<Optional<String>> identification, WorkerStream<Instruction> stream) {
      this.identification = identification;
      this.stream = stream;
    }

    @Override
    public void received(WorkerReport report) {
      WorkerLink serving = link;
      if (serving != null) {
        serving.offer(new LinkInput.Reported(report));
      } else if (begun || !report.hasRegister()) {
        stream.fail(new StreamEnd(StreamEnd.Kind.INVALID, "the first report is no Register"));
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
      WorkerLink serving = new WorkerLink(worker.get(), shared, stream);
      link = serving;
      links.add(serving);
      stream.request();
      try {
        serving.serve(register);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
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
      WorkerLink serving = link;
      if (serving != null) {
        serving.offer(new LinkInput.Ended(failure));
      }
    }
  }
}
