/** The roads to a replica: gRPC, or WebSockets where a proxy knows no HTTP/2. */
@NullMarked
package dev.orchard.worker.road;

import org.jspecify.annotations.NullMarked;
