package dev.orchard.dev.guest;

/** How to run VMs. */
public enum RuntimeChoice {
  /** {@link #QEMU} where QEMU is installed and the image is there or can be built. */
  AUTO,
  QEMU,
  /** The guest agent as a process of this host: no isolation at all. */
  PROCESS
}
