@NullMarked
package dev.orchard.dev.tls;

import org.jspecify.annotations.NullMarked;
