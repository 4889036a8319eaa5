/** To which boot a command is bound, and the end of what can never run. */
@NullMarked
package dev.orchard.operator.vmexec;

import org.jspecify.annotations.NullMarked;
