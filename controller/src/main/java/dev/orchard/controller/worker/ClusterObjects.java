package dev.orchard.controller.worker;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.worker.Worker;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * The informers' view of VMs, VMExecs and Workers: complete once {@link #synced()}, and always a
 * little late. What it holds must not be changed; absence in it proves nothing.
 */
public final class ClusterObjects implements AutoCloseable {
  private static final String UID = "uid";
  private static final String WORKER = "worker";
  private static final String VM_NAME = "vm";

  private final SharedIndexInformer<VM> vms;
  private final SharedIndexInformer<VMExec> execs;
  private final SharedIndexInformer<Worker> workers;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** Starts to watch; keeps trying while the API is away. */
  public ClusterObjects(KubernetesClient own) {
    vms = own.resources(VM.class).inAnyNamespace().runnableInformer(0);
    execs = own.resources(VMExec.class).inAnyNamespace().runnableInformer(0);
    workers = own.resources(Worker.class).runnableInformer(0);
    vms.addIndexers(
        Map.of(
            UID,
            ClusterObjects::uid,
            WORKER,
            vm -> Stream.ofNullable(vm.statusOrEmpty().workerName()).toList()));
    execs.addIndexers(
        Map.of(
            UID,
            ClusterObjects::uid,
            WORKER,
            ClusterObjects::unfinishedOn,
            VM_NAME,
            exec -> List.of(key(exec.getMetadata().getNamespace(), exec.getSpec().vmName()))));
    begin(vms);
    begin(execs);
    begin(workers);
  }

  private <T extends HasMetadata> void begin(SharedIndexInformer<T> informer) {
    informer.exceptionHandler((started, failure) -> true);
    informer.addEventHandler(new Notifier<>());
    var _ = informer.start();
  }

  /** Where an exec may run: what its creator said, else to what it was bound later. */
  public static Optional<Binding> binding(VMExec exec) {
    return Optional.ofNullable(exec.getSpec().target())
        .or(() -> Optional.ofNullable(exec.statusOrEmpty().boundTo()));
  }

  private static List<String> unfinishedOn(VMExec exec) {
    return exec.statusOrEmpty().ended()
        ? List.of()
        : binding(exec).map(Binding::workerName).stream().toList();
  }

  private static List<String> uid(HasMetadata object) {
    return List.of(object.getMetadata().getUid());
  }

  private static String key(String namespace, String name) {
    return namespace + "/" + name;
  }

  /** Runs {@code listener} after every change, on an informer's thread: must not block. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** Stops what {@link #onChange} began. */
  public void forget(Runnable listener) {
    listeners.remove(listener);
  }

  /** Whether everything that existed at the start is here. */
  public boolean synced() {
    return vms.hasSynced() && execs.hasSynced() && workers.hasSynced();
  }

  public Optional<VM> vm(String namespace, String name) {
    return Optional.ofNullable(vms.getIndexer().getByKey(key(namespace, name)));
  }

  public Optional<VM> vmByUid(String uid) {
    return vms.getIndexer().byIndex(UID, uid).stream().findFirst();
  }

  /** The VMs that are placed on a worker. */
  public List<VM> vmsOn(String worker) {
    return vms.getIndexer().byIndex(WORKER, worker);
  }

  public Optional<VMExec> exec(String namespace, String name) {
    return Optional.ofNullable(execs.getIndexer().getByKey(key(namespace, name)));
  }

  public Optional<VMExec> execByUid(String uid) {
    return execs.getIndexer().byIndex(UID, uid).stream().findFirst();
  }

  /** What is bound to a worker and has no outcome yet. */
  public List<VMExec> unfinishedExecsOn(String worker) {
    return execs.getIndexer().byIndex(WORKER, worker);
  }

  /** All execs of a VM's name that there are objects of, finished ones too. */
  public List<VMExec> execsOf(String namespace, String vm) {
    return execs.getIndexer().byIndex(VM_NAME, key(namespace, vm));
  }

  public List<Worker> workers() {
    return workers.getIndexer().list();
  }

  @Override
  public void close() {
    vms.stop();
    execs.stop();
    workers.stop();
  }

  private final class Notifier<T> implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T object) {
      listeners.forEach(Runnable::run);
    }

    @Override
    public void onUpdate(T before, T after) {
      listeners.forEach(Runnable::run);
    }

    @Override
    public void onDelete(T object, boolean deletedFinalStateUnknown) {
      listeners.forEach(Runnable::run);
    }
  }
}
