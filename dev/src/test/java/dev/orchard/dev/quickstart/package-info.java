@NullMarked
package dev.orchard.dev.quickstart;

import org.jspecify.annotations.NullMarked;
