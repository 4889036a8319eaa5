/** Whether a worker is there, judged by its Lease. */
@NullMarked
package dev.orchard.operator.worker;

import org.jspecify.annotations.NullMarked;
