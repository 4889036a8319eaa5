package dev.orchard.worker.road;

import java.util.Arrays;
import java.util.Locale;

/** Which roads a worker takes. */
public enum Transport {
  GRPC,
  HTTP,
  /** gRPC, and where that does not get through the other one. */
  AUTO;

  /** As it is written on a command line. */
  public static Transport ofWord(String word) {
    return Arrays.stream(values())
        .filter(transport -> transport.name().toLowerCase(Locale.ROOT).equals(word))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "--transport: '%s' is none of grpc, http, auto".formatted(word)));
  }
}
