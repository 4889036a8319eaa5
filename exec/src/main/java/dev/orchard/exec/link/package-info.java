/**
 * gRPC calls over a byte channel whose ends cannot see each other come and go: the framed link that
 * worker and guest agent speak on virtio-serial (docs/framed-link.md).
 */
@NullMarked
package dev.orchard.exec.link;

import org.jspecify.annotations.NullMarked;
