/** The VM resource: a virtual machine that somebody wants. */
@NullMarked
package dev.orchard.crds.vm;

import org.jspecify.annotations.NullMarked;
