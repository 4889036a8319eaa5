/** Who calls, with whose Kubernetes credentials, and what the Kubernetes API lets them do. */
@NullMarked
package dev.orchard.controller.auth;

import org.jspecify.annotations.NullMarked;
