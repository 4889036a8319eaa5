/** Which worker a VM goes to, and when nothing holds it any more. */
@NullMarked
package dev.orchard.operator.vm;

import org.jspecify.annotations.NullMarked;
