package dev.orchard.controller.worker;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What the workers' gateway is told.
 *
 * @param port 0 takes a free one
 * @param certificate PEM file of the certificate chain
 * @param privateKey PEM file of its key, PKCS #8
 * @param namespace where the workers' ServiceAccounts and Leases are
 * @param replica name of this replica
 * @param replicas how many there are, itself included
 * @param heartbeat of our silence, after which a link gets one
 * @param silence of the worker, after which its link is dead
 */
public record GatewaySettings(
    String bindAddress,
    int port,
    Path certificate,
    Path privateKey,
    String namespace,
    String replica,
    int replicas,
    Duration heartbeat,
    Duration silence) {}
