/** The first five minutes: a system, a VM and two commands in it, told as a story. */
@NullMarked
package dev.orchard.dev.quickstart;

import org.jspecify.annotations.NullMarked;
