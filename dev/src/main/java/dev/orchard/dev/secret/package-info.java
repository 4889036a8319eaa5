/** What nobody but the owner of a dev system may read. */
@NullMarked
package dev.orchard.dev.secret;

import org.jspecify.annotations.NullMarked;
