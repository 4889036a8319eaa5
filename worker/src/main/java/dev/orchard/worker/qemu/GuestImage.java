package dev.orchard.worker.qemu;

import java.nio.file.Path;

/**
 * What a VM boots: docs/guest-image.md says what has to be in it. The root disk is a raw image that
 * guests read only, so that many may share it.
 */
public record GuestImage(Path kernel, Path initrd, Path rootDisk) {}
