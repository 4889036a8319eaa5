/** The keys and certificates that dev's servers show, from a CA that lives in its data folder. */
@NullMarked
package dev.orchard.dev.tls;

import org.jspecify.annotations.NullMarked;
