/** Messages over a WebSocket with a window in each direction, as gRPC has one by HTTP/2. */
@NullMarked
package dev.orchard.exec.socket;

import org.jspecify.annotations.NullMarked;
