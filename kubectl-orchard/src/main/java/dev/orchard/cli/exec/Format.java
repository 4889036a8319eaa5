package dev.orchard.cli.exec;

import org.jspecify.annotations.Nullable;

/** How a session's frames are printed, where not as the command's own bytes. */
enum Format {
  json;

  static Printer printer(@Nullable Format format) {
    return format == null ? new Printer.Raw() : new Printer.Json();
  }
}
