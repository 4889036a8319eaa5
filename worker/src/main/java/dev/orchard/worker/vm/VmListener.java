package dev.orchard.worker.vm;

/**
 * Is told every change of every VM, in order for each VM, by that VM's thread. May block while
 * whoever is told cannot keep up.
 */
public interface VmListener {
  void changed(VmStatus status) throws InterruptedException;
}
