/** The VMExec resource: one command in one boot of one VM, and how it ended. */
@NullMarked
package dev.orchard.crds.vmexec;

import org.jspecify.annotations.NullMarked;
