package dev.orchard.controller.web;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What the HTTP API is told.
 *
 * @param port 0 takes a free one
 * @param certificate PEM file of the certificate chain
 * @param privateKey PEM file of its key, PKCS #8
 * @param heartbeat of silence on a stream, after which a heartbeat goes out
 * @param silence of a WebSocket client, after which it is dead
 */
public record HttpSettings(
    String bindAddress,
    int port,
    Path certificate,
    Path privateKey,
    Duration heartbeat,
    Duration silence,
    HttpLimits limits) {}
