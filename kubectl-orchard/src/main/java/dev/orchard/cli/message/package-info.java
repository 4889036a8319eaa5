/** What the CLI says to people, and only on stderr: failures with their exit code, escaped text. */
@NullMarked
package dev.orchard.cli.message;

import org.jspecify.annotations.NullMarked;
