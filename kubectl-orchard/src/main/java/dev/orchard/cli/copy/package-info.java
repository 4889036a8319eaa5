/** {@code kubectl orchard cp}: files and folders into and out of a VM. */
@NullMarked
package dev.orchard.cli.copy;

import org.jspecify.annotations.NullMarked;
