package dev.orchard.controller.session;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.ticket.Ticket;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.controller.worker.Links;
import dev.orchard.controller.worker.Rendezvous;
import dev.orchard.controller.worker.StatusWriter;
import dev.orchard.controller.worker.WorkerLink;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.DesiredState;
import dev.orchard.crds.vmexec.DisconnectPolicy;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.proto.worker.v1.Attachment;
import io.fabric8.kubernetes.api.model.DeleteOptions;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Starts sessions and attaches to them, for callers whose right to do so has been checked. The
 * object comes first, made with the caller's own credentials; only then does anything go to a
 * worker.
 */
public final class Sessions {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
  private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int SUFFIX = 8;
  private static final int LABEL = 63;
  private static final String CANCELLED =
      "{\"metadata\":{\"uid\":\"%%s\"},\"spec\":{\"desiredState\":\"%s\"}}"
          .formatted(DesiredState.CANCELLED.word());

  /** Where a command is to run. */
  public record Place(String namespace, String vm) {}

  /** A session with its frames from their beginning. */
  public record Followed(VMExec exec, FrameStream stream) {}

  private final ClusterObjects objects;
  private final KubernetesClient own;
  private final StatusWriter writer;
  private final Links links;
  private final Rendezvous rendezvous;
  private final Access access;
  private final Tickets tickets;
  private final VmGate gate;
  private final CallerPermits starts;
  private final Duration patience;
  private final InstantSource clock;
  private final OpenStreams open = new OpenStreams();
  private final SecureRandom random = new SecureRandom();

  /**
   * @param starts that each caller waits for
   * @param patience for a worker to answer an attachment
   */
  public Sessions(
      ClusterObjects objects,
      KubernetesClient own,
      StatusWriter writer,
      Links links,
      Rendezvous rendezvous,
      Access access,
      Tickets tickets,
      CallerPermits starts,
      Duration patience,
      InstantSource clock) {
    this.objects = objects;
    this.own = own;
    this.writer = writer;
    this.links = links;
    this.rendezvous = rendezvous;
    this.access = access;
    this.tickets = tickets;
    this.gate = new VmGate(objects, own);
    this.starts = starts;
    this.patience = patience;
    this.clock = clock;
  }

  /**
   * Starts a command and follows it; or follows the session of that name if it is the same command.
   * Stdin that came with the request is on its way when this returns.
   *
   * @param wait for the VM to be ready
   */
  public Followed startAndFollow(Caller caller, Place place, ExecRequest request, Duration wait)
      throws InterruptedException {
    try (CallerPermits.Permit _ = starts.take(caller.key())) {
      VMExec exec = create(caller, place, request, DisconnectPolicy.TERMINATE, wait);
      boolean inline = request.stdin() instanceof StdinSource.Inline;
      FrameStream stream =
          attach(
              exec,
              new AttachOptions(0, true, inline, inline, true),
              reading(caller, place.namespace, exec.getMetadata().getName()));
      feed(exec, request, stream, false);
      return new Followed(exec, stream);
    }
  }

  private Grant reading(Caller caller, String namespace, String session) {
    Set<Right> read = EnumSet.of(Right.READ);
    return new Grant(
        caller.key(), read, true, () -> access.stillHas(caller, read, namespace, session));
  }

  /**
   * Starts a command and attaches to it as told; or attaches to the session of that name if it is
   * the same command.
   *
   * @param request says what becomes of the command when its client goes
   * @param wait for the VM to be ready
   */
  public Followed startAndAttach(
      Caller caller, Place place, ExecRequest request, Duration wait, AttachOptions options)
      throws InterruptedException {
    try (CallerPermits.Permit _ = starts.take(caller.key())) {
      VMExec exec = create(caller, place, request, DisconnectPolicy.TERMINATE, wait);
      return new Followed(exec, attach(exec, options, null));
    }
  }

  /** Starts a command that runs on unread; or returns the session of that name, as above. */
  public VMExec start(Caller caller, Place place, ExecRequest request, Duration wait)
      throws InterruptedException {
    try (CallerPermits.Permit _ = starts.take(caller.key())) {
      VMExec exec = create(caller, place, request, DisconnectPolicy.DETACH, wait);
      if (request.stdin() instanceof StdinSource.Inline) {
        feed(exec, request, attach(exec, AttachOptions.writer(true), null), true);
      } else if (!exec.statusOrEmpty().ended()) {
        linkOf(exec).ifPresent(link -> link.start(exec, null));
      }
      return exec;
    }
  }

  private static void feed(
      VMExec exec, ExecRequest request, FrameStream stream, boolean ownStream) {
    if (request.stdin() instanceof StdinSource.Inline inline) {
      Thread.ofVirtual()
          .name("stdin-" + exec.getMetadata().getName())
          .start(() -> InlineStdin.send(inline.data(), stream, ownStream));
    }
  }

  private VMExec create(
      Caller caller, Place place, ExecRequest request, DisconnectPolicy usual, Duration wait)
      throws InterruptedException {
    String digest = request.digest(place.vm);
    if (request.name() != null) {
      // Not by the informer: a name that was free again a moment ago would still be taken.
      Optional<VMExec> running = live(place.namespace, request.name());
      if (running.isPresent()) {
        return same(caller, running.get(), digest);
      }
    }
    Binding target = gate.awaitReady(place.namespace, place.vm, wait);
    // Before anything is written: where this replica cannot dispatch, another one may.
    requireRoom(requireLink(target.workerName()));
    VMExec wanted = new VMExec();
    wanted.setMetadata(
        new ObjectMetaBuilder()
            .withNamespace(place.namespace)
            .withName(request.name() == null ? generateName(place.vm) : request.name())
            .withAnnotations(Map.of(ExecRequest.DIGEST_ANNOTATION, digest))
            .build());
    wanted.setSpec(request.spec(place.vm, target, usual, caller.requestedBy().orElse(null)));
    try {
      return KubernetesApi.call(() -> caller.client().resource(wanted).create());
    } catch (ApiException e) {
      if (request.name() == null || !e.type().equals(ApiException.ALREADY_EXISTS)) {
        throw e;
      }
      VMExec running = live(place.namespace, request.name()).orElseThrow(() -> e);
      return same(caller, running, digest);
    }
  }

  /** The running session, if it is the command that was asked for and the caller may see it. */
  private VMExec same(Caller caller, VMExec running, String digest) {
    String name = running.getMetadata().getName();
    access.require(caller, Right.READ, running.getMetadata().getNamespace(), name);
    Map<String, String> annotations =
        Optional.ofNullable(running.getMetadata().getAnnotations()).orElse(Map.of());
    if (!digest.equals(annotations.get(ExecRequest.DIGEST_ANNOTATION))) {
      throw ApiException.conflict(
          "name-taken",
          "session %s was started with another command or other options: choose another name"
              .formatted(name));
    }
    return running;
  }

  private String generateName(String vm) {
    StringBuilder name =
        new StringBuilder(vm.substring(0, Math.min(vm.length(), LABEL - 1 - SUFFIX))).append('-');
    for (int i = 0; i < SUFFIX; i++) {
      name.append(BASE32.charAt(random.nextInt(BASE32.length())));
    }
    return name.toString();
  }

  /** A session; 404 if there is none of that name. */
  public VMExec require(String namespace, String session) {
    return lookUp(namespace, session)
        .orElseThrow(() -> ApiException.notFound("session", namespace, session));
  }

  /** A session of a VM; 404 if there is none of that name. */
  public VMExec require(Place place, String session) {
    return find(place, session)
        .orElseThrow(() -> ApiException.notFound("session", place.namespace, session));
  }

  /** A session of a VM, if there is one of that name. */
  public Optional<VMExec> find(Place place, String session) {
    return lookUp(place.namespace, session)
        .filter(exec -> exec.getSpec().vmName().equals(place.vm));
  }

  /** A replica that misses a name in its informer asks the API once. */
  private Optional<VMExec> lookUp(String namespace, String session) {
    return objects.exec(namespace, session).or(() -> live(namespace, session));
  }

  private Optional<VMExec> live(String namespace, String session) {
    return Optional.ofNullable(
        KubernetesApi.call(
            () -> own.resources(VMExec.class).inNamespace(namespace).withName(session).get()));
  }

  /**
   * What an attachment goes by. It starts what has not started yet, and an old view of that may be
   * of something that has been cancelled or has ended since, or whose name is another's now.
   */
  private VMExec settled(VMExec exec) {
    String uid = exec.getMetadata().getUid();
    VMExec newer = objects.execByUid(uid).orElse(exec);
    if (newer.statusOrEmpty().ended() || newer.statusOrEmpty().startTime() != null) {
      return newer;
    }
    return live(exec.getMetadata().getNamespace(), exec.getMetadata().getName())
        .filter(now -> now.getMetadata().getUid().equals(uid))
        .orElseThrow(() -> gone(exec));
  }

  private static ApiException gone(VMExec exec) {
    return ApiException.notFound(
        "session", exec.getMetadata().getNamespace(), exec.getMetadata().getName());
  }

  /** As below, without tickets to come back with. */
  public FrameStream attach(VMExec exec, AttachOptions options) throws InterruptedException {
    return attach(settled(exec), options, null);
  }

  /**
   * Attaches to a session. By a ticket the Kubernetes API is not asked for anything; else it is
   * bound and dispatched first where nobody has done that yet.
   *
   * @param grant what the client gets tickets for; none: it gets none
   * @return once the worker has answered
   */
  public FrameStream attach(Target target, AttachOptions options, @Nullable Grant grant)
      throws InterruptedException {
    return switch (target) {
      case Target.Recorded(VMExec exec) -> attach(settled(exec), options, grant);
      case Target.Ticketed(Ticket ticket) -> {
        Optional<VMExec> ended =
            objects.execByUid(ticket.uid()).filter(exec -> exec.statusOrEmpty().ended());
        yield ended.isPresent()
            ? attach(ended.get(), options, grant)
            : attach(ticket, options, grant);
      }
    };
  }

  /** Never starts anything: whoever issued the ticket has seen that the worker has it. */
  private FrameStream attach(Ticket ticket, AttachOptions options, @Nullable Grant grant)
      throws InterruptedException {
    WorkerLink link = requireLink(ticket.worker());
    SessionStream stream = stream(ticket.worker(), options, null);
    boolean told = link.attach(attachment(stream.id(), ticket.uid(), options));
    stream.awaitOpen(told ? patience : Duration.ZERO);
    return grant == null ? stream : new TicketedStream(stream, tickets, ticket, grant, clock);
  }

  private FrameStream attach(VMExec exec, AttachOptions options, @Nullable Grant grant)
      throws InterruptedException {
    boolean ended = exec.statusOrEmpty().ended();
    StoredOutcome stored =
        ended && options.output() ? new StoredOutcome(exec, options.from()) : null;
    Optional<Binding> binding = ClusterObjects.binding(exec);
    if (stored != null && (binding.isEmpty() || StoredOutcome.outputBytes(exec) == 0)) {
      return stored;
    }
    VMExec bound = binding.isPresent() || ended ? exec : bind(exec);
    String worker =
        ClusterObjects.binding(bound)
            .orElseThrow(
                () -> ApiException.conflict("session-ended", "the session has ended unbound"))
            .workerName();
    WorkerLink link = requireLink(worker);
    SessionStream stream = stream(worker, options, stored);
    Attachment attachment = attachment(stream.id(), bound.getMetadata().getUid(), options);
    boolean told = ended ? link.attach(attachment) : link.start(bound, attachment);
    stream.awaitOpen(told ? patience : Duration.ZERO);
    return grant == null
        ? stream
        : new TicketedStream(stream, tickets, ticket(bound, worker, grant), grant, clock);
  }

  private SessionStream stream(
      String worker, AttachOptions options, @Nullable StoredOutcome stored) {
    return new SessionStream(
        rendezvous, worker, !(options.output() && options.follow()), stored, open);
  }

  private static Ticket ticket(VMExec exec, String worker, Grant grant) {
    Target session = new Target.Recorded(exec);
    return new Ticket(
        exec.getMetadata().getNamespace(),
        exec.getSpec().vmName(),
        exec.getMetadata().getName(),
        exec.getMetadata().getUid(),
        worker,
        session.takesStdin(),
        session.hasTty(),
        grant.rights(),
        grant.caller());
  }

  private static Attachment attachment(String id, String uid, AttachOptions options) {
    return Attachment.newBuilder()
        .setId(id)
        .setExecUid(uid)
        .setFrom(options.from())
        .setUntilNow(!options.follow())
        .setWriter(options.writer())
        .setTakeover(options.takeover())
        .setOutput(options.output())
        .setForeground(options.output() && options.follow())
        .build();
  }

  private VMExec bind(VMExec exec) throws InterruptedException {
    Instant created = Instant.parse(exec.getMetadata().getCreationTimestamp());
    Duration left =
        Duration.between(
            clock.instant(), created.plusSeconds(exec.getSpec().startTimeoutSeconds()));
    Binding binding =
        gate.awaitReady(
            exec.getMetadata().getNamespace(),
            exec.getSpec().vmName(),
            left.isPositive() ? left : Duration.ZERO);
    @Nullable VMExec bound =
        KubernetesApi.call(() ->
            writer.write(
                exec,
                status ->
                    status.described(exec.getSpec().command()).bound(binding, clock.instant())));
    if (bound == null) {
      throw gone(exec);
    }
    return bound;
  }

  private WorkerLink requireLink(String worker) {
    if (open.isDraining()) {
      throw ApiException.unavailable(
          "draining", "this replica goes away: try again, or another replica", RETRY_AFTER);
    }
    return links
        .link(worker)
        .orElseThrow(() ->
            ApiException.unavailable(
                "worker-unreachable",
                "worker %s has no link to this replica: try again, or another replica"
                    .formatted(worker),
                RETRY_AFTER));
  }

  private static void requireRoom(WorkerLink link) {
    if (!link.diskPressure().isEmpty()) {
      throw new ApiException(
          507,
          "insufficient-storage",
          "worker %s takes no new sessions: %s".formatted(link.worker(), link.diskPressure()));
    }
  }

  /** Ends a session and deletes its object, with the caller's credentials. */
  public void delete(Caller caller, VMExec exec) {
    DeleteOptions options =
        new DeleteOptionsBuilder()
            .withNewPreconditions()
            .withUid(exec.getMetadata().getUid())
            .endPreconditions()
            .build();
    var _ = change(exec, () -> caller.client().raw(path(exec), "DELETE", options));
    cancelOnWorker(exec, "its VMExec was deleted over the API");
  }

  /** Ends a session and keeps its object, with the caller's credentials. */
  public VMExec cancel(Caller caller, VMExec exec) {
    String patch = CANCELLED.formatted(exec.getMetadata().getUid());
    VMExec wanted =
        change(
            exec,
            () ->
                caller.client().resource(exec).patch(PatchContext.of(PatchType.JSON_MERGE), patch));
    cancelOnWorker(wanted, "it was cancelled over the API");
    return wanted;
  }

  /** Changes this object, and none that has got its name meanwhile: that is refused as another. */
  private <T> T change(VMExec exec, Supplier<T> change) {
    try {
      return KubernetesApi.call(change);
    } catch (ApiException e) {
      throw isStill(exec) ? e : gone(exec);
    }
  }

  private boolean isStill(VMExec exec) {
    return live(exec.getMetadata().getNamespace(), exec.getMetadata().getName())
        .filter(now -> now.getMetadata().getUid().equals(exec.getMetadata().getUid()))
        .isPresent();
  }

  private static String path(VMExec exec) {
    return "/apis/%s/namespaces/%s/%s/%s"
        .formatted(
            exec.getApiVersion(),
            exec.getMetadata().getNamespace(),
            exec.getPlural(),
            exec.getMetadata().getName());
  }

  /** Ends a session whose only client has gone and cannot come back. */
  public void abandon(VMExec exec) {
    cancelOnWorker(exec, "its client has gone");
  }

  private void cancelOnWorker(VMExec exec, String why) {
    linkOf(exec).ifPresent(link -> link.cancel(exec.getMetadata().getUid(), why));
  }

  private Optional<WorkerLink> linkOf(VMExec exec) {
    return ClusterObjects.binding(exec).flatMap(binding -> links.link(binding.workerName()));
  }

  /** How many read and write a session now; absent where that is not known, or it does not run. */
  public OptionalInt attachments(VMExec exec) {
    return linkOf(exec)
        .map(link -> link.attachments(exec.getMetadata().getUid()))
        .orElse(OptionalInt.empty());
  }

  /** Whether {@link #drain} has begun: nothing is started or attached to any more. */
  public boolean isDraining() {
    return open.isDraining();
  }

  /** Ends every attachment with an error for its client, and waits a while for the ends. */
  public void drain(Duration patience) throws InterruptedException {
    open.drain(patience);
  }
}
