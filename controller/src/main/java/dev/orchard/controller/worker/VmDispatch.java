package dev.orchard.controller.worker;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.proto.worker.v1.DeleteVm;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.PutVm;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one worker is told about VMs, and what of its reports is written. As with execs, absence in
 * an informer deletes nothing: a live look has to agree. Owned by the link's thread.
 */
final class VmDispatch {
  private static final Duration ORPHANED_FOR = Duration.ofSeconds(10);

  /** The informer shows what was written a little later. */
  private static final Duration SHOWN_WITHIN = Duration.ofSeconds(10);

  private record Reported(VmReport report, Instant at) {}

  private record Written(VmReport report, Instant at) {}

  private final String worker;
  private final ClusterObjects objects;
  private final StatusWriter writer;
  private final ApiQueue api;
  private final InstantSource clock;
  private final Consumer<Instruction> send;
  private final Consumer<LinkInput> inbox;
  private final Map<String, Reported> reports = new HashMap<>();
  private final Map<String, Written> written = new HashMap<>();
  private final Map<String, PutVm> put = new HashMap<>();
  private final Set<String> deleted = new HashSet<>();
  private final Set<String> looking = new HashSet<>();

  /** Parameters as {@link ExecDispatch}'s. */
  VmDispatch(
      String worker,
      ClusterObjects objects,
      StatusWriter writer,
      ApiQueue api,
      InstantSource clock,
      Consumer<Instruction> send,
      Consumer<LinkInput> inbox) {
    this.worker = worker;
    this.objects = objects;
    this.writer = writer;
    this.api = api;
    this.clock = clock;
    this.send = send;
    this.inbox = inbox;
  }

  void reported(VmReport report) {
    reports.put(report.getUid(), new Reported(report, clock.instant()));
  }

  /** What a live look for a reported VM found. */
  void looked(String uid, boolean found) {
    looking.remove(uid);
    if (!found) {
      delete(uid);
    }
  }

  void reconcile() {
    if (!objects.synced()) {
      return;
    }
    for (VM vm : objects.vmsOn(worker)) {
      String uid = vm.getMetadata().getUid();
      Reported reported = reports.get(uid);
      if (reported != null) {
        write(vm, reported.report);
      }
      if (vm.getMetadata().getDeletionTimestamp() == null) {
        put(vm);
      } else {
        delete(uid);
      }
    }
    reports.values().removeIf(this::settled);
    written.keySet().retainAll(reports.keySet());
    reports.values().forEach(this::lookForOrphan);
  }

  /** The report of a VM that is gone is of no use once no object waits for it. */
  private boolean settled(Reported reported) {
    return reported.report.getState() == VmState.VM_GONE && placed(reported) == null;
  }

  private @Nullable VM placed(Reported reported) {
    return objects
        .vmByUid(reported.report.getUid())
        .filter(vm -> worker.equals(vm.statusOrEmpty().workerName()))
        .orElse(null);
  }

  private void put(VM vm) {
    PutVm wanted = WorkerMessages.putVm(vm);
    if (!wanted.equals(put.put(wanted.getUid(), wanted))) {
      send.accept(Instruction.newBuilder().setPutVm(wanted).build());
    }
  }

  private void delete(String uid) {
    put.remove(uid);
    if (deleted.add(uid)) {
      send.accept(Instruction.newBuilder().setDeleteVm(DeleteVm.newBuilder().setUid(uid)).build());
    }
  }

  private void write(VM vm, VmReport report) {
    VMStatus before = vm.statusOrEmpty();
    Written last = written.get(report.getUid());
    if (last != null
        && last.report.equals(report)
        && clock.instant().isBefore(last.at.plus(SHOWN_WITHIN))) {
      return;
    }
    if (!WorkerMessages.vmStatus(before, report, clock.instant()).equals(before)) {
      written.put(report.getUid(), new Written(report, clock.instant()));
      api.submit(
          "vm/" + report.getUid(),
          Duration.ZERO,
          () ->
              writer.write(vm, status -> WorkerMessages.vmStatus(status, report, clock.instant())));
    }
  }

  private void lookForOrphan(Reported reported) {
    String uid = reported.report.getUid();
    if (placed(reported) != null
        || deleted.contains(uid)
        || clock.instant().isBefore(reported.at.plus(ORPHANED_FOR))
        || !looking.add(uid)) {
      return;
    }
    api.submit(
        "look/" + uid,
        Duration.ZERO,
        () -> {
          VM live = writer.findVm(uid);
          boolean here = live != null && worker.equals(live.statusOrEmpty().workerName());
          inbox.accept(new LinkInput.LookedForVm(uid, here));
        });
  }
}
