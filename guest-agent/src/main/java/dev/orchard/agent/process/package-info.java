/** Processes of the guest: started, fed, read, signalled and reaped through the C library. */
@NullMarked
package dev.orchard.agent.process;

import org.jspecify.annotations.NullMarked;
