/** {@code kubectl orchard exec}: one session from its creation to its exit code. */
@NullMarked
package dev.orchard.cli.exec;

import org.jspecify.annotations.NullMarked;
