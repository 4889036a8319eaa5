/** What travels between a client and a process in a VM, and its two encodings. */
@NullMarked
package dev.orchard.exec.frame;

import org.jspecify.annotations.NullMarked;
