package dev.orchard.controller.orchard;

import dev.orchard.controller.session.Sessions;
import dev.orchard.crds.vmexec.VMExec;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The {@link SharedInput} of each named session that has clients on this replica. */
final class SharedInputs {
  private final Sessions sessions;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Shared> byUid = new HashMap<>();

  private static final class Shared {
    final SharedInput input;
    int clients;

    Shared(SharedInput input) {
      this.input = input;
    }
  }

  SharedInputs(Sessions sessions) {
    this.sessions = sessions;
  }

  /** One client more. Each has to {@link #leave}. */
  SharedInput join(VMExec exec) {
    lock.lock();
    try {
      Shared shared =
          byUid.computeIfAbsent(
              exec.getMetadata().getUid(), _ -> new Shared(new SharedInput(sessions, exec)));
      shared.clients++;
      return shared.input;
    } finally {
      lock.unlock();
    }
  }

  /** One client fewer; the last one closes it. */
  void leave(VMExec exec) {
    Shared left = null;
    lock.lock();
    try {
      String uid = exec.getMetadata().getUid();
      Shared shared = byUid.get(uid);
      if (shared != null && --shared.clients == 0) {
        left = byUid.remove(uid);
      }
    } finally {
      lock.unlock();
    }
    if (left != null) {
      left.input.close();
    }
  }
}
