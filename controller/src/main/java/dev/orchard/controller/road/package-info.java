/** The workers' road over the HTTP port, for networks whose proxies know no HTTP/2. */
@NullMarked
package dev.orchard.controller.road;

import org.jspecify.annotations.NullMarked;
