package dev.orchard.it.faults;

import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecState;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What a watch has seen of each exec of a VM, in order. Called by one thread at a time. */
final class States implements Watcher<VMExec> {
  private final String vm;
  private final Map<String, VMExecState> last = new ConcurrentHashMap<>();
  private final Queue<String> back = new ConcurrentLinkedQueue<>();
  private final AtomicInteger seen = new AtomicInteger();

  States(String vm) {
    this.vm = vm;
  }

  /** How many states it has seen. */
  int seen() {
    return seen.get();
  }

  /** Where one came that may not follow the one before. */
  List<String> back() {
    return List.copyOf(back);
  }

  @Override
  public void eventReceived(Action action, VMExec exec) {
    VMExecState state = exec.statusOrEmpty().state();
    String name = exec.getMetadata().getName();
    if (state == null || !exec.getSpec().vmName().equals(vm)) {
      return;
    }
    seen.incrementAndGet();
    VMExecState before = last.put(name, state);
    if (before != null && !state.mayFollow(before)) {
      back.add("%s: %s after %s".formatted(name, state, before));
    }
  }

  @Override
  public void onClose(@Nullable WatcherException cause) {
    if (cause != null) {
      back.add("the watch ended: " + cause);
    }
  }
}
