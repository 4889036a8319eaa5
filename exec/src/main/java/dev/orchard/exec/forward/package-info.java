/** What travels on a forwarded TCP connection between a client and a port in a VM. */
@NullMarked
package dev.orchard.exec.forward;

import org.jspecify.annotations.NullMarked;
