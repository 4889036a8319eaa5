@NullMarked
package dev.orchard.dev.guest;

import org.jspecify.annotations.NullMarked;
