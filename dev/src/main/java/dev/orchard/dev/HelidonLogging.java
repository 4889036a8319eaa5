package dev.orchard.dev;

import io.helidon.logging.common.spi.LoggingProvider;

/** Keeps Helidon from configuring java.util.logging, or complaining that it cannot: we do. */
public final class HelidonLogging implements LoggingProvider {
  @Override
  public void initialization() {}

  @Override
  public void runTime() {}
}
