/** {@code kubectl orchard port-forward}: ports here that lead to ports of a VM. */
@NullMarked
package dev.orchard.cli.forward;

import org.jspecify.annotations.NullMarked;
