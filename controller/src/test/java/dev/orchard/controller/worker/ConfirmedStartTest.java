package dev.orchard.controller.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.controller.TestApi;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.proto.worker.v1.Instruction;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A link that would start what its informer shows, and what the object has become meanwhile. */
class ConfirmedStartTest {
  private final TestApi api = new TestApi();
  private final ClusterObjects objects = new ClusterObjects(api.own());
  private final ApiQueue queue = new ApiQueue("w1");
  private final BlockingQueue<LinkInput> inbox = new LinkedBlockingQueue<>();
  private final List<Instruction> sent = new ArrayList<>();
  private Instant now = Clock.systemUTC().instant();

  private final ExecDispatch dispatch =
      new ExecDispatch(
          "w1",
          objects,
          new StatusWriter(api.own(), "orchard-system", "replica"),
          queue,
          () -> now,
          sent::add,
          inbox::add);

  @SuppressWarnings("NullAway.Init")
  private VMExec exec;

  private String uid = "";

  @BeforeEach
  void seeAnExec() {
    VMExec wanted = new VMExec();
    wanted.setMetadata(new ObjectMetaBuilder().withName("e").withNamespace("default").build());
    wanted.setSpec(
        VMExecSpec.of("hello", List.of("true")).target(new Binding("v", "w1", "boot-1")).build());
    exec = api.own().resource(wanted).create();
    uid = exec.getMetadata().getUid();
    await().until(() -> objects.synced() && objects.execByUid(uid).isPresent());
    dispatch.reconcile(true);
    now = now.plusSeconds(2);
    dispatch.reconcile(true);
  }

  @AfterEach
  void close() {
    queue.close();
    objects.close();
    api.close();
  }

  private @Nullable VMExec found() throws InterruptedException {
    LinkInput input = Objects.requireNonNull(inbox.poll(10, TimeUnit.SECONDS));
    return ((LinkInput.Confirmed) input).found();
  }

  private VMExec with(VMExecStatus status) {
    VMExec changed = api.own().getKubernetesSerialization().clone(exec);
    changed.setStatus(status);
    return changed;
  }

  @Test
  void isGivenOnceTheApiServerHasItStill() throws InterruptedException {
    VMExec found = found();
    assertThat(sent).isEmpty();
    dispatch.confirmed(uid, found);

    assertThat(sent).hasSize(1);
    assertThat(sent.getFirst().getStartExec().getSpec().getUid()).isEqualTo(uid);
  }

  @Test
  void isNotGivenForWhatIsGoneHasEndedOrWasCancelled() throws InterruptedException {
    dispatch.confirmed(uid, null);
    dispatch.confirmed(
        uid,
        with(
            VMExecStatus.EMPTY.finished(
                VMExecExit.without(VMExecExitReason.CANCELLED, "unbound"), null, now, now)));
    VMExec cancelled = with(VMExecStatus.EMPTY);
    cancelled.setSpec(exec.getSpec().cancelled());
    dispatch.confirmed(uid, cancelled);
    dispatch.confirmed(uid, with(VMExecStatus.EMPTY.running(now, now)));
    dispatch.confirmed("another", found());

    assertThat(sent).isEmpty();
  }

  @Test
  void isAskedForAgainButNotAtOnceWhileTheApiServerHasNone() throws InterruptedException {
    dispatch.confirmed(uid, found());
    dispatch.reconcile(true);
    assertThat(inbox).isEmpty();

    now = now.plusSeconds(10);
    dispatch.reconcile(true);
    assertThat(found()).isNotNull();
  }
}
