package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.crds.vm.VM;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Streams what becomes of one VM. That the informer shows a change is only the sign to look: what
 * is sent is what the caller may get at that moment, so that a right that is taken away ends it.
 */
final class VmWatch {
  private static final byte[] SIGN_OF_LIFE = {' '};

  private sealed interface Look {
    record Seen(@Nullable VM vm) implements Look {}

    record Away() implements Look {}

    record Refused() implements Look {}
  }

  private final ClusterObjects objects;
  private final WriteDeadline deadline;
  private final Duration heartbeat;

  /**
   * @param heartbeat of silence, after which one blank goes out, which no reader of JSON sees: it
   *     tells a client that has gone
   */
  VmWatch(ClusterObjects objects, WriteDeadline deadline, Duration heartbeat) {
    this.objects = objects;
    this.deadline = deadline;
    this.heartbeat = heartbeat;
  }

  /**
   * Returns when the caller may see the VM no longer.
   *
   * @param get gets the VM as the caller; null if there is none
   * @throws ApiException before anything is written, if the caller may not
   * @throws IOException if the reader has gone, or takes nothing for too long
   */
  void stream(Place place, Supplier<@Nullable VM> get, OutputStream out)
      throws IOException, InterruptedException {
    Semaphore changes = new Semaphore(0);
    Runnable listener = changes::release;
    objects.onChange(listener);
    try (WriteDeadline.Guard guard = deadline.guard()) {
      VM sent = null;
      String shown = "";
      Look look = new Look.Seen(get.get());
      while (!(look instanceof Look.Refused)) {
        if (look instanceof Look.Seen(VM now)) {
          byte[] lines = lines(sent, now);
          sent = now;
          guard.write(() -> write(out, lines));
        }
        shown =
            awaitChange(place, shown, changes, () -> guard.write(() -> write(out, SIGN_OF_LIFE)));
        look = look(get);
      }
    } finally {
      objects.forget(listener);
    }
  }

  /** What the informer shows then: something else than before, or the same after a while. */
  private String awaitChange(
      Place place, String before, Semaphore changes, WriteDeadline.Write signOfLife)
      throws IOException, InterruptedException {
    while (changes.tryAcquire(heartbeat.toNanos(), TimeUnit.NANOSECONDS)) {
      changes.drainPermits();
      String shown = version(objects.vm(place.namespace(), place.vm()));
      if (!shown.equals(before)) {
        return shown;
      }
    }
    signOfLife.run();
    return before;
  }

  private static Look look(Supplier<@Nullable VM> get) {
    try {
      return new Look.Seen(get.get());
    } catch (ApiException e) {
      return e.status() == 503 ? new Look.Away() : new Look.Refused();
    }
  }

  private static void write(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  private static byte[] lines(@Nullable VM sent, @Nullable VM now) {
    if (version(Optional.ofNullable(sent)).equals(version(Optional.ofNullable(now)))) {
      return new byte[0];
    }
    boolean same = sent != null && now != null && uid(sent).equals(uid(now));
    String deleted = sent == null || same ? "" : line("DELETED", VmJson.none());
    String rest = now == null ? "" : line(same ? "MODIFIED" : "ADDED", VmJson.of(now));
    return (deleted + rest).getBytes(StandardCharsets.UTF_8);
  }

  private static String line(String type, ObjectNode vm) {
    ObjectNode event = JsonBody.JSON.createObjectNode().put("type", type);
    event.set("object", vm);
    return event + "\n";
  }

  private static String uid(VM vm) {
    return vm.getMetadata().getUid();
  }

  private static String version(Optional<VM> vm) {
    return vm.map(VM::getMetadata).map(ObjectMeta::getResourceVersion).orElse("");
  }
}
