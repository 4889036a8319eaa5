@NullMarked
package dev.orchard.dev.cluster;

import org.jspecify.annotations.NullMarked;
