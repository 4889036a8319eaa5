package dev.orchard.worker.vm;

import dev.orchard.worker.guest.GuestDialer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The VMs of this host, each in {@code <data>/vms/<uid>/}. Commands are idempotent and return
 * before they are done; the listener hears the rest. Any thread may call.
 */
public final class Vms {
  private static final Logger log = LoggerFactory.getLogger(Vms.class);

  private final Path root;
  private final List<VmRuntime> runtimes;
  private final GuestDialer dialer;
  private final VmListener listener;
  private final ConcurrentMap<Uid, Vm> vms = new ConcurrentHashMap<>();

  /**
   * Knows no VM yet: {@link #recover} comes next.
   *
   * @param runtimes the first is the one of VMs that name none
   */
  public Vms(Path root, List<VmRuntime> runtimes, GuestDialer dialer, VmListener listener) {
    this.root = root;
    this.runtimes = List.copyOf(runtimes);
    this.dialer = dialer;
    this.listener = listener;
  }

  /** Takes up every VM that an earlier daemon has left in the data folder. */
  public void recover() throws InterruptedException {
    try {
      List<String> names;
      try (Stream<Path> folders = Files.list(Files.createDirectories(root))) {
        names = folders.map(folder -> folder.getFileName().toString()).toList();
      }
      for (String name : names) {
        recover(name);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void put(VmSpec spec) throws InterruptedException {
    vm(spec.uid()).put(spec);
  }

  /** Of an unknown VM too, the listener hears that it is gone. */
  public void delete(Uid uid) throws InterruptedException {
    Vm vm = vms.get(uid);
    if (vm == null) {
      listener.changed(VmStatus.gone(uid));
    } else {
      vm.delete();
    }
  }

  /** Powers all of them off and ends the looking after. */
  public void end() throws InterruptedException {
    for (Vm vm : vms.values()) {
      vm.end();
    }
  }

  /** Ends the looking after; the machines run on. */
  public void close() throws InterruptedException {
    for (Vm vm : vms.values()) {
      vm.close();
    }
  }

  private void recover(String folder) throws InterruptedException {
    try {
      var _ = vm(new Uid(folder));
    } catch (IllegalArgumentException e) {
      log.warn("folder is no VM's and is left alone path={}", root.resolve(folder));
    }
  }

  private Vm vm(Uid uid) throws InterruptedException {
    Vm present = vms.get(uid);
    if (present != null) {
      return present;
    }
    Vm fresh = new Vm(uid, VmFolder.create(root, uid), runtimes, dialer, this::changed);
    Vm known = vms.putIfAbsent(uid, fresh);
    if (known != null) {
      return known;
    }
    fresh.start();
    return fresh;
  }

  private void changed(VmStatus status) throws InterruptedException {
    if (status.state() == VmState.GONE) {
      vms.remove(status.uid());
    }
    listener.changed(status);
  }
}
