/** What the kinds of {@code orchard.dev/v1alpha1} share. */
@NullMarked
package dev.orchard.crds;

import org.jspecify.annotations.NullMarked;
