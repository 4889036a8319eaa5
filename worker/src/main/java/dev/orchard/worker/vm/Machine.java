package dev.orchard.worker.vm;

import dev.orchard.worker.guest.GuestChannel;
import java.time.Duration;

/** One power-on of a VM. Used by the VM's thread alone; outlives this daemon. */
public interface Machine {
  boolean alive();

  /** Called now and then while it lives: keeps what it writes to disk by itself small. */
  void tend();

  GuestChannel guestChannel();

  /**
   * Returns when it is off: asked first, after {@code grace} without asking; a grace of zero means
   * that nothing in it is worth keeping.
   */
  void stop(Duration grace) throws InterruptedException;
}
