/** The HTTP API: routes, bodies, errors, WebSockets. */
@NullMarked
package dev.orchard.controller.web;

import org.jspecify.annotations.NullMarked;
