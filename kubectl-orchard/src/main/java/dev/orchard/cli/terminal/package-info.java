/** The local terminal and the signals that come from it, by the C library and without JNI. */
@NullMarked
package dev.orchard.cli.terminal;

import org.jspecify.annotations.NullMarked;
