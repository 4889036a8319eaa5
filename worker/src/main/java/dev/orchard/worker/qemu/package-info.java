/** The runtime for Linux hosts: QEMU with KVM where that works, else in software. */
@NullMarked
package dev.orchard.worker.qemu;

import org.jspecify.annotations.NullMarked;
