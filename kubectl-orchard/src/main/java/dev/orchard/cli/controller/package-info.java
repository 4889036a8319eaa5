/** The way to a controller: its address and trust, one request, and a session's WebSocket. */
@NullMarked
package dev.orchard.cli.controller;

import org.jspecify.annotations.NullMarked;
