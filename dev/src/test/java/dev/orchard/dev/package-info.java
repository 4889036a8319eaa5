@NullMarked
package dev.orchard.dev;

import org.jspecify.annotations.NullMarked;
