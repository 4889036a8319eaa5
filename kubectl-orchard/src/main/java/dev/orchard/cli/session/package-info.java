/** Commands about sessions that do not stream: listing, signals, cancelling. */
@NullMarked
package dev.orchard.cli.session;

import org.jspecify.annotations.NullMarked;
