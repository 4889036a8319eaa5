/**
 * What a worker keeps of its sessions on disk: the journal of each and its output, byte for byte.
 */
@NullMarked
package dev.orchard.exec.log;

import org.jspecify.annotations.NullMarked;
