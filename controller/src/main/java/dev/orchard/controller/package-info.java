/** One replica of the HTTP API and of the workers' gateway: settings and wiring. */
@NullMarked
package dev.orchard.controller;

import org.jspecify.annotations.NullMarked;
